// RUN: moe-opt %s --moe-emit-entry-points --split-input-file --verify-diagnostics | FileCheck %s

module attributes {onnxir.base_dir = "models", onnxir.files = {w.data = 100 : i64}} {
// The weights go into the manifest.
// CHECK-NOT: onnxir.weight
onnxir.weight @w from "w.data"[4, 16] : tensor<4xf32>
onnxir.weight @bits = dense<[true, false, true]> : tensor<3xi1>

// CHECK: func.func private @f
func.func @f(%p: memref<2x2xf32> {moe.resident = 0 : i64},
             %x: memref<?x4xi8> {onnxir.name = "x", onnxir.dims = ["n", 4], moe.type = tensor<?x4xui8>},
             %b: memref<3xi1> {moe.weight = @bits})
    -> (memref<?x4xi8> {onnxir.name = "y"}) attributes {moe.init = @f_init} {
  return %x : memref<?x4xi8>
}
// CHECK: func.func private @f_init
func.func @f_init(%w: memref<4xf32> {moe.weight = @w}) -> memref<2x2xf32> {
  %p = memref.alloc() : memref<2x2xf32>
  return %p : memref<2x2xf32>
}

// Inputs come first, then residents, then results.
// CHECK-LABEL: llvm.func @moe_entry_f(%arg0: !llvm.ptr)
// CHECK: llvm.getelementptr %arg0[0]
// CHECK: %[[X:.*]] = builtin.unrealized_conversion_cast {{.*}} to memref<?x4xi8>
// CHECK: llvm.getelementptr %arg0[1]
// CHECK: %[[P:.*]] = builtin.unrealized_conversion_cast {{.*}} to memref<2x2xf32>
// CHECK: llvm.getelementptr %arg0[2]
// CHECK: %[[B:.*]] = builtin.unrealized_conversion_cast {{.*}} to memref<3xi1>
// CHECK: call @f(%[[P]], %[[X]], %[[B]])
// CHECK: llvm.getelementptr %arg0[3]
// CHECK: llvm.store
// CHECK-LABEL: llvm.func @moe_init_f

// CHECK: @moe_manifest(
// CHECK-SAME: \22base_dir\22:\22models\22
// CHECK-SAME: \22init\22:{\22function\22:\22moe_init_f\22,\22results\22:[{\22dims\22:[{{.*}}],\22name\22:\22\22,\22type\22:\22f32\22}],\22weights\22:[1]}
// CHECK-SAME: \22dim_names\22:[\22n\22,\22\22],\22dims\22:[-1,4],\22name\22:\22x\22,\22type\22:\22ui8\22
// CHECK-SAME: \22name\22:\22y\22
// CHECK-SAME: \22residents\22:[{\22init\22:0},{\22weight\22:0}]
// CHECK-SAME: \22data\22:\22AQAB\22,\22dims\22:[3],\22name\22:\22bits\22,\22type\22:\22i1\22
// CHECK-SAME: \22file\22:\22w.data\22,\22file_size\22:100,\22length\22:16,\22name\22:\22w\22,\22offset\22:4
// CHECK-SAME: \00
}

// -----

// expected-error @below {{cannot be called from outside: argument 0 has type 'index', not a ranked tensor's}}
func.func @scalar(%i: index) {
  return
}

// -----

// expected-error @below {{cannot be called from outside: argument 0 has type 'memref<4xf32, strided<[2]>>'}}
func.func @strided(%x: memref<4xf32, strided<[2]>> {moe.weight = @w}) -> memref<4xf32, strided<[2]>> {
  return %x : memref<4xf32, strided<[2]>>
}

// -----

// expected-error @below {{names no init function: @gone}}
func.func @f() attributes {moe.init = @gone} {
  return
}

// -----

// expected-error @below {{refers to weight @gone, which does not exist}}
func.func @f(%w: memref<4xf32> {moe.weight = @gone}) {
  return
}

// -----

// expected-error @below {{argument 0 is no result of the init function}}
func.func @f(%w: memref<4xf32> {moe.resident = 0 : i64}) {
  return
}

// -----

func.func @f() attributes {moe.init = @f_init} {
  return
}
// expected-error @below {{argument 0 is not a weight}}
func.func @f_init(%w: memref<4xf32>) {
  return
}
