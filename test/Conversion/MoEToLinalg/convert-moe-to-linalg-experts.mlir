// RUN: moe-opt %s --convert-moe-to-linalg --canonicalize --cse | FileCheck %s

// One loop per set of experts; one expert needs none.
// CHECK-LABEL: func.func @kinds(
// CHECK-SAME:      %[[ROWS:.*]]: tensor<?x4xf32>, %[[OFFSETS:.*]]: tensor<5xi64>
// CHECK:         %[[FFN:.*]] = scf.for %[[E:.*]] = %c0 to %c2
// CHECK:           %[[B:.*]] = tensor.extract %[[OFFSETS]][%[[E]]]
// CHECK:           %[[BEGIN:.*]] = arith.index_cast %[[B]]
// CHECK:           %[[SLICE:.*]] = tensor.extract_slice %[[ROWS]][%[[BEGIN]], 0]
// CHECK:           %[[UP:.*]] = linalg.generic {{.*}} ins(%[[SLICE]], %{{.*}} : tensor<?x4xf32>, tensor<3x4xf32>)
// CHECK:           %[[H:.*]] = linalg.generic {{.*}} ins(%[[UP]] : tensor<?x3xf32>)
// CHECK:             arith.maximumf
// CHECK:           %[[Y:.*]] = linalg.generic {{.*}} ins(%[[H]], %{{.*}} : tensor<?x3xf32>, tensor<4x3xf32>)
// CHECK:           tensor.insert_slice %[[Y]] into
// Zero experts, then copy experts.
// CHECK:         %[[Z:.*]] = linalg.fill
// CHECK:         tensor.insert_slice %[[Z]] into %[[FFN]]
// CHECK:         %[[COPY:.*]] = tensor.extract_slice %[[ROWS]]
// CHECK:         tensor.insert_slice %[[COPY]] into
// CHECK-NOT:     moe.
func.func @kinds(%rows: tensor<?x4xf32>, %p: !moe.plan<4>,
                 %a: tensor<2x3x4xf32>, %b: tensor<2x4x3xf32>)
    -> tensor<?x4xf32> {
  %up = moe.weights %a : tensor<2x3x4xf32> -> !moe.weights<2x3x4, f32>
  %down = moe.weights %b : tensor<2x4x3xf32> -> !moe.weights<2x4x3, f32>
  %ffn = moe.ffn_experts up(%up : !moe.weights<2x3x4, f32>)
      down(%down : !moe.weights<2x4x3, f32>) activation<relu>
      : !moe.experts<2, 4 -> 4>
  %zero = moe.zero_experts : !moe.experts<1, 4 -> 4>
  %copy = moe.copy_experts : !moe.experts<1, 4 -> 4>
  %o = moe.experts %rows, %p, (%ffn, %zero, %copy)
      : tensor<?x4xf32>, !moe.plan<4>, !moe.experts<2, 4 -> 4>,
        !moe.experts<1, 4 -> 4>, !moe.experts<1, 4 -> 4> -> tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}

// A region is inlined where it is applied; what it holds is converted there.
// CHECK-LABEL: func.func @nested(
// CHECK-NOT:     moe.
// CHECK:         scf.for %[[E:.*]] = %c0 to %c2
// CHECK:           %[[SLICE:.*]] = tensor.extract_slice
// CHECK:           %[[IDS:.*]] = tensor.splat
// CHECK:           tensor.extract %[[IDS]]
// CHECK:           math.tanh
// CHECK-NOT:     moe.
func.func @nested(%rows: tensor<?x4xf32>, %p: !moe.plan<2>)
    -> tensor<?x4xf32> {
  %outer = moe.region_experts : !moe.experts<2, 4 -> 4> {
  ^bb0(%e: index, %own: tensor<?x4xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %own, %c0 : tensor<?x4xf32>
    %first = arith.constant 0 : i32
    %ids = tensor.splat %first[%n] : tensor<?x1xi32>
    %q = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<1>
    %sorted = moe.dispatch %own, %q
        : tensor<?x4xf32>, !moe.plan<1> -> tensor<?x4xf32>
    %inner = moe.region_experts : !moe.experts<1, 4 -> 4> {
    ^bb0(%f: index, %r: tensor<?x4xf32>):
      %t = math.tanh %r : tensor<?x4xf32>
      moe.yield %t : tensor<?x4xf32>
    }
    %o = moe.experts %sorted, %q, (%inner)
        : tensor<?x4xf32>, !moe.plan<1>, !moe.experts<1, 4 -> 4>
          -> tensor<?x4xf32>
    moe.yield %o : tensor<?x4xf32>
  }
  %o = moe.experts %rows, %p, (%outer)
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4>
        -> tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}

// The fused form is the dispatch, the experts, and the combine.
// CHECK-LABEL: func.func @fused(
// CHECK:         tensor.extract %{{.*}} : tensor<?x4xf32>
// CHECK:         %[[MADE:.*]] = tensor.insert_slice
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK:             tensor.extract_slice %[[MADE]]
func.func @fused(%x: tensor<?x4xf32>, %p: !moe.plan<1>, %w: tensor<?x2xf32>)
    -> tensor<?x4xf32> {
  %copy = moe.copy_experts : !moe.experts<1, 4 -> 4>
  %y = moe.experts %x, %p, (%copy) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x4xf32>, !moe.plan<1>, !moe.experts<1, 4 -> 4>
        -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
