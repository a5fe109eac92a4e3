// RUN: moe-opt %s | FileCheck %s
// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s --mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK-LABEL: tt.func public @kernel
// CHECK-SAME: (%{{.*}}: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %{{.*}}: i32)
tt.func public @kernel(%p: !tt.ptr<bf16> {tt.divisibility = 16 : i32}, %n: i32) {
  // CHECK: tt.grid_dependency_wait
  tt.grid_dependency_wait
  // CHECK: tt.grid_dependency_launch_dependents
  tt.grid_dependency_launch_dependents
  // CHECK: tt.get_program_id x : i32
  %x = tt.get_program_id x : i32
  // CHECK: tt.get_num_programs y : i32
  %y = tt.get_num_programs y : i32
  // CHECK: tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  %r = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>
  // CHECK: tt.splat %{{.*}} : !tt.ptr<bf16> -> tensor<16x!tt.ptr<bf16>>
  %s = tt.splat %p : !tt.ptr<bf16> -> tensor<16x!tt.ptr<bf16>>
  // CHECK: tt.addptr %{{.*}}, %{{.*}} : tensor<16x!tt.ptr<bf16>>, tensor<16xi32>
  %a = tt.addptr %s, %r : tensor<16x!tt.ptr<bf16>>, tensor<16xi32>
  %m = arith.constant dense<true> : tensor<16xi1>
  %o = arith.constant dense<0.0> : tensor<16xbf16>
  // CHECK: tt.load %{{.*}}, %{{.*}}, %{{.*}} : tensor<16x!tt.ptr<bf16>>
  %v = tt.load %a, %m, %o : tensor<16x!tt.ptr<bf16>>
  // CHECK: tt.load %{{.*}} : !tt.ptr<bf16>
  %w = tt.load %p : !tt.ptr<bf16>
  // CHECK: tt.store %{{.*}}, %{{.*}}, %{{.*}} : tensor<16x!tt.ptr<bf16>>
  tt.store %a, %v, %m : tensor<16x!tt.ptr<bf16>>
  // CHECK: tt.expand_dims %{{.*}} {axis = 1 : i32} : tensor<16xbf16> -> tensor<16x1xbf16>
  %c = tt.expand_dims %v {axis = 1 : i32} : tensor<16xbf16> -> tensor<16x1xbf16>
  // CHECK: tt.broadcast %{{.*}} : tensor<16x1xbf16> -> tensor<16x16xbf16>
  %q = tt.broadcast %c : tensor<16x1xbf16> -> tensor<16x16xbf16>
  // CHECK: tt.trans %{{.*}} {order = array<i32: 1, 0>} : tensor<16x16xbf16> -> tensor<16x16xbf16>
  %t = tt.trans %q {order = array<i32: 1, 0>} : tensor<16x16xbf16> -> tensor<16x16xbf16>
  %z = arith.constant dense<0.0> : tensor<16x16xf32>
  // CHECK: tt.dot %{{.*}}, %{{.*}}, %{{.*}}, inputPrecision = tf32x3 : tensor<16x16xbf16> * tensor<16x16xbf16> -> tensor<16x16xf32>
  %d = tt.dot %q, %t, %z, inputPrecision = tf32x3 : tensor<16x16xbf16> * tensor<16x16xbf16> -> tensor<16x16xf32>
  // CHECK: tt.reshape %{{.*}} : tensor<16x16xf32> -> tensor<16x8x2xf32>
  %e = tt.reshape %d : tensor<16x16xf32> -> tensor<16x8x2xf32>
  // CHECK: tt.split %{{.*}} : tensor<16x8x2xf32> -> tensor<16x8xf32>
  %g, %h = tt.split %e : tensor<16x8x2xf32> -> tensor<16x8xf32>
  // CHECK: tt.join %{{.*}}, %{{.*}} : tensor<16x8xf32> -> tensor<16x8x2xf32>
  %j = tt.join %g, %h : tensor<16x8xf32> -> tensor<16x8x2xf32>
  // CHECK: tt.bitcast %{{.*}} : tensor<16x8xf32> -> tensor<16x8xi32>
  %b = tt.bitcast %g : tensor<16x8xf32> -> tensor<16x8xi32>
  // CHECK: tt.precise_divf %{{.*}}, %{{.*}} : tensor<16x8xf32>
  %pd = tt.precise_divf %g, %h : tensor<16x8xf32>
  // CHECK: tt.precise_sqrt %{{.*}} : tensor<16x8xf32>
  %ps = tt.precise_sqrt %pd : tensor<16x8xf32>
  // CHECK: "tt.reduce"(%{{.*}}) <{axis = 1 : i32}>
  %f = "tt.reduce"(%b) <{axis = 1 : i32}> ({
  ^bb0(%k: i32, %l: i32):
    %add = arith.addi %k, %l : i32
    // CHECK: tt.reduce.return %{{.*}} : i32
    tt.reduce.return %add : i32
  }) : (tensor<16x8xi32>) -> tensor<16xi32>
  // CHECK: "tt.scan"(%{{.*}}) <{axis = 0 : i32, reverse = false}>
  %u = "tt.scan"(%f) <{axis = 0 : i32, reverse = false}> ({
  ^bb0(%k: i32, %l: i32):
    %add = arith.addi %k, %l : i32
    // CHECK: tt.scan.return %{{.*}} : i32
    tt.scan.return %add : i32
  }) : (tensor<16xi32>) -> tensor<16xi32>
  // CHECK: tt.histogram %{{.*}}, %{{.*}} : tensor<16xi32> -> tensor<32xi32>
  %hist = tt.histogram %u, %m : tensor<16xi32> -> tensor<32xi32>
  // CHECK: tt.gather %{{.*}}[%{{.*}}] {axis = 0 : i32} : (tensor<32xi32>, tensor<16xi32>) -> tensor<16xi32>
  %picked = tt.gather %hist[%r] {axis = 0 : i32} : (tensor<32xi32>, tensor<16xi32>) -> tensor<16xi32>
  %c1 = arith.constant 1 : i64
  %c64 = arith.constant 64 : i64
  // CHECK: tt.make_tensor_descriptor %{{.*}}, [%{{.*}}, %{{.*}}], [%{{.*}}, %{{.*}}] : !tt.ptr<bf16>, !tt.tensordesc<16x64xbf16>
  %desc = tt.make_tensor_descriptor %p, [%n, %n], [%c64, %c1] : !tt.ptr<bf16>, !tt.tensordesc<16x64xbf16>
  // CHECK: tt.descriptor_load %{{.*}}[%{{.*}}, %{{.*}}] : !tt.tensordesc<16x64xbf16> -> tensor<16x64xbf16>
  %block = tt.descriptor_load %desc[%x, %n] : !tt.tensordesc<16x64xbf16> -> tensor<16x64xbf16>
  // CHECK: tt.return
  tt.return
}
