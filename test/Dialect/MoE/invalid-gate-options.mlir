// RUN: moe-opt %s --split-input-file --verify-diagnostics

// (G10)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{8 experts do not form 3 equal groups}}
  %0:2 = moe.gate %l score<softmax> groups<count = 3, keep = 1> select<top_k, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G10)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{top2_sum needs groups of at least 2 experts}}
  %0:2 = moe.gate %l score<softmax> groups<count = 8, keep = 2, by = top2_sum> select<top_k, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G11)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{groups go with top_k, top_p, threshold and rank_k}}
  %0:2 = moe.gate %l score<softmax> groups<count = 2, keep = 1> select<expert_choice, k = 2> : tensor<?x8xf32> -> tensor<8x2xf32>, tensor<8x2xi32>
  return
}

// -----

// (G11)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{the kept groups hold fewer than 3 experts}}
  %0:2 = moe.gate %l score<softmax> groups<count = 4, keep = 1> select<top_k, k = 3> : tensor<?x8xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
  return
}

// -----

// (G11)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{the kept groups hold fewer than 5 experts}}
  %0:2 = moe.gate %l score<softmax> groups<count = 4, keep = 2> select<rank_k, k = 1, rank = 5> : tensor<?x8xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return
}

// -----

// (G12)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{sparse_mixer takes the identity score, and neither bias nor values}}
  %0:2 = moe.gate %l score<softmax> select<sparse_mixer, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G12)
func.func @f(%l: tensor<?x8xf32>, %b: tensor<8xf32>) {
  // expected-error @below {{sparse_mixer takes the identity score, and neither bias nor values}}
  %0:2 = moe.gate %l bias(%b : tensor<8xf32>) score<identity> select<sparse_mixer, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G13)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{expert_choice takes neither shared experts, nor capacity, nor normalisation}}
  %0:2 = moe.gate %l score<softmax> select<expert_choice, k = 2> shared(1) : tensor<?x8xf32> -> tensor<8x3xf32>, tensor<8x3xi32>
  return
}

// -----

// (G13)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{expert_choice takes neither shared experts, nor capacity, nor normalisation}}
  %0:2 = moe.gate %l score<softmax> select<expert_choice, k = 2> capacity<count = 1> : tensor<?x8xf32> -> tensor<8x2xf32>, tensor<8x2xi32>
  return
}

// -----

// (G13)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{expert_choice takes neither shared experts, nor capacity, nor normalisation}}
  %0:2 = moe.gate %l score<softmax> select<expert_choice, k = 2> normalize<sum> : tensor<?x8xf32> -> tensor<8x2xf32>, tensor<8x2xi32>
  return
}

// -----

// (G14)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{shared must be at least 0, and all experts fewer than 2^31}}
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> shared(-1) : tensor<?x8xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return
}

// -----

// (G14)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{shared must be at least 0, and all experts fewer than 2^31}}
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> shared(9223372036854775807) : tensor<?x8xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return
}

// -----

// (G14)
func.func @f(%l: tensor<?x8xf32>, %s: tensor<?x3xf32>) {
  // expected-error @below {{weights of shared experts must be T x 2}}
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> shared(2, %s : tensor<?x3xf32>) : tensor<?x8xf32> -> tensor<?x4xf32>, tensor<?x4xi32>
  return
}

// -----

// (G14)
func.func @f(%l: tensor<5x8xf32>, %s: tensor<6x2xf32>) {
  // expected-error @below {{weights of shared experts must be T x 2}}
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> shared(2, %s : tensor<6x2xf32>) : tensor<5x8xf32> -> tensor<5x4xf32>, tensor<5x4xi32>
  return
}

// -----

// (G14): the custom form could not say it.
func.func @f(%l: tensor<?x8xf32>, %s: tensor<?x0xf32>) {
  // expected-error @below {{weights of shared experts need shared experts}}
  %0:2 = "moe.gate"(%l, %s) <{operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 1>, score = #moe.score<softmax>, select = #moe.select<top_k, k = 2>}> : (tensor<?x8xf32>, tensor<?x0xf32>) -> (tensor<?x2xf32>, tensor<?x2xi32>)
  return
}

// -----

// (G15)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{scale must be finite}}
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> scale(inf) : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G15)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{drop_below must be a number}}
  %0:2 = "moe.gate"(%l) <{drop_below = 0x7FF8000000000000 : f64, operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0>, score = #moe.score<softmax>, select = #moe.select<top_k, k = 2>}> : (tensor<?x8xf32>) -> (tensor<?x2xf32>, tensor<?x2xi32>)
  return
}

// -----

// (G16)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{results must be T x 3, got 'tensor<?x2xf32>'}}
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> shared(1) : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x3xi32>
  return
}

// -----

// (G16)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{results must be T x 2, got 'tensor<?x?xi32>'}}
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x?xi32>
  return
}

// -----

// (G16)
func.func @f(%l: tensor<5x8xf32>) {
  // expected-error @below {{results must be 5 x 2, got 'tensor<6x2xi32>'}}
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> : tensor<5x8xf32> -> tensor<5x2xf32>, tensor<6x2xi32>
  return
}

// -----

// (G16)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{results must be 8 x 2, got 'tensor<9x2xf32>'}}
  %0:2 = moe.gate %l score<softmax> select<expert_choice, k = 2> : tensor<?x8xf32> -> tensor<9x2xf32>, tensor<8x2xi32>
  return
}
