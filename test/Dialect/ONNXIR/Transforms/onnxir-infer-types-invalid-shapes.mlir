// RUN: moe-opt %s --onnxir-infer-types --split-input-file --verify-diagnostics

// Sizes, indices and axes that cannot be.
func.func @batches(%x: tensor<2x3x4xf32>, %y: tensor<3x4x5xf32>) {
  // expected-error @+1 {{MatMul: batches cannot be broadcast: 'tensor<2x3x4xf32>' and 'tensor<3x4x5xf32>'}}
  %0 = onnxir.node "MatMul"(%x, %y) : (tensor<2x3x4xf32>, tensor<3x4x5xf32>) -> !onnxir.any
  return
}

// -----

func.func @gemm_rank(%x: tensor<2x3x4xf32>, %y: tensor<4x5xf32>) {
  // expected-error @+1 {{Gemm: operands must be matrices, got 'tensor<2x3x4xf32>' and 'tensor<4x5xf32>'}}
  %0 = onnxir.node "Gemm"(%x, %y) : (tensor<2x3x4xf32>, tensor<4x5xf32>) -> !onnxir.any
  return
}

// -----

func.func @slice_missing(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<0> : tensor<1xi64>
  // expected-error @+1 {{Slice: starts or ends are missing}}
  %0 = onnxir.node "Slice"(%x, %y) : (tensor<4x6xf32>, tensor<1xi64>) -> !onnxir.any
  return
}

// -----

func.func @slice_count(%x: tensor<4x6xf32>, %y: tensor<?xi64>, %z: tensor<?xi64>) {
  // expected-error @+1 {{Slice: the number of sliced axes is not known}}
  %0 = onnxir.node "Slice"(%x, %y, %z) : (tensor<4x6xf32>, tensor<?xi64>, tensor<?xi64>) -> !onnxir.any
  return
}

// -----

func.func @slice_numbers(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<0> : tensor<1xi64>
  %z = arith.constant dense<[1, 2]> : tensor<2xi64>
  // expected-error @+1 {{Slice: starts, ends, axes and steps differ in number}}
  %0 = onnxir.node "Slice"(%x, %y, %z) : (tensor<4x6xf32>, tensor<1xi64>, tensor<2xi64>) -> !onnxir.any
  return
}

// -----

func.func @slice_step(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<0> : tensor<1xi64>
  %z = arith.constant dense<3> : tensor<1xi64>
  %u = arith.constant dense<0> : tensor<1xi64>
  %v = arith.constant dense<0> : tensor<1xi64>
  // expected-error @+1 {{Slice: step 0}}
  %0 = onnxir.node "Slice"(%x, %y, %z, %u, %v) : (tensor<4x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxir.any
  return
}

// -----

func.func @one_hot_depth(%x: tensor<4xi64>, %z: tensor<2xf32>) {
  %y = arith.constant dense<-2> : tensor<i64>
  // expected-error @+1 {{OneHot: depth is negative}}
  %0 = onnxir.node "OneHot"(%x, %y, %z) : (tensor<4xi64>, tensor<i64>, tensor<2xf32>) -> !onnxir.any
  return
}

// -----

func.func @trilu_rank(%x: tensor<4xf32>) {
  // expected-error @+1 {{Trilu: needs rank 2 or more, got 'tensor<4xf32>'}}
  %0 = onnxir.node "Trilu"(%x) : (tensor<4xf32>) -> !onnxir.any
  return
}

// -----

func.func @gather_elements_rank(%x: tensor<4x6xf32>, %y: tensor<4xi64>) {
  // expected-error @+1 {{GatherElements: indices must have the rank of the data, got 'tensor<4xi64>'}}
  %0 = onnxir.node "GatherElements"(%x, %y) : (tensor<4x6xf32>, tensor<4xi64>) -> !onnxir.any
  return
}

// -----

func.func @gather_nd_depth(%x: tensor<4x6xf32>, %y: tensor<4x3xi64>) {
  // expected-error @+1 {{GatherND: indices do not fit: 'tensor<4x3xi64>' into 'tensor<4x6xf32>'}}
  %0 = onnxir.node "GatherND"(%x, %y) : (tensor<4x6xf32>, tensor<4x3xi64>) -> !onnxir.any
  return
}

// -----

func.func @squeeze_axes(%x: tensor<?x1xf32>) {
  // expected-error @+1 {{Squeeze: which sizes are 1 is not known without axes, got 'tensor<?x1xf32>'}}
  %0 = onnxir.node "Squeeze"(%x) : (tensor<?x1xf32>) -> !onnxir.any
  return
}

// -----

func.func @unsqueeze_axes(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{Unsqueeze: axes are missing}}
  %0 = onnxir.node "Unsqueeze"(%x) : (tensor<4x6xf32>) -> !onnxir.any
  return
}

// -----

func.func @split_results(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<[1, 2, 1]> : tensor<3xi64>
  // expected-error @+1 {{Split: has 2 results for 3 sizes}}
  %0:2 = onnxir.node "Split"(%x, %y) : (tensor<4x6xf32>, tensor<3xi64>) -> (!onnxir.any, !onnxir.any)
  return
}

// -----

func.func @split_parts(%x: tensor<5xf32>) {
  // expected-error @+1 {{Split: 5 elements do not split into 2 equal parts}}
  %0:2 = onnxir.node "Split"(%x) : (tensor<5xf32>) -> (!onnxir.any, !onnxir.any)
  return
}

// -----

func.func @reshape_rank(%x: tensor<4x6xf32>, %y: tensor<2x2xi64>) {
  // expected-error @+1 {{Reshape: the shape must have rank 1, got 'tensor<2x2xi64>'}}
  %0 = onnxir.node "Reshape"(%x, %y) : (tensor<4x6xf32>, tensor<2x2xi64>) -> !onnxir.any
  return
}

// -----

func.func @reshape_open(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<[5, -1]> : tensor<2xi64>
  // expected-error @+1 {{Reshape: 'tensor<4x6xf32>' cannot be reshaped to 5 times any number of elements}}
  %0 = onnxir.node "Reshape"(%x, %y) : (tensor<4x6xf32>, tensor<2xi64>) -> !onnxir.any
  return
}

// -----

func.func @tile(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<[2, -1]> : tensor<2xi64>
  // expected-error @+1 {{Tile: cannot repeat -1 times}}
  %0 = onnxir.node "Tile"(%x, %y) : (tensor<4x6xf32>, tensor<2xi64>) -> !onnxir.any
  return
}

// -----

func.func @expand(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<[4, 5]> : tensor<2xi64>
  // expected-error @+1 {{Expand: 'tensor<4x6xf32>' cannot be expanded to the shape given}}
  %0 = onnxir.node "Expand"(%x, %y) : (tensor<4x6xf32>, tensor<2xi64>) -> !onnxir.any
  return
}

// -----

func.func @if_branches(%c: tensor<i1>) {
  // expected-error @+1 {{If: needs a then_branch and an else_branch}}
  %0 = onnxir.node "If"(%c) : (tensor<i1>) -> !onnxir.any
  return
}

// -----

func.func @if_results(%c: tensor<i1>, %x: tensor<f32>) {
  // expected-error @+1 {{If: branches give another number of values}}
  %0 = onnxir.node "If"(%c) graph "then_branch" {
    onnxir.yield %x, %x : tensor<f32>, tensor<f32>
  } graph "else_branch" {
    onnxir.yield %x : tensor<f32>
  } : (tensor<i1>) -> !onnxir.any
  return
}
