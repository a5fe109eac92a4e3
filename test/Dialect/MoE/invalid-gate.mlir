// RUN: moe-opt %s --split-input-file --verify-diagnostics

// (G1)
func.func @f(%l: tensor<?x?xf32>) {
  // expected-error @below {{logits must have a static number of experts}}
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> : tensor<?x?xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G1)
func.func @f(%l: tensor<?x0xf32>) {
  // expected-error @below {{logits must have a static number of experts}}
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 1> : tensor<?x0xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return
}

// -----

// (G2)
func.func @f(%l: tensor<?x8xf32>, %b: tensor<7xf32>) {
  // expected-error @below {{bias must have 8 elements}}
  %0:2 = moe.gate %l bias(%b : tensor<7xf32>) score<softmax> select<top_k, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G3)
func.func @f(%l: tensor<?x8xf32>, %h: tensor<?x9xf32>) {
  // expected-error @below {{state and values must have the shape of logits}}
  %0:2 = moe.gate %l state(%h : tensor<?x9xf32>) score<softmax> select<top_k, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G3)
func.func @f(%l: tensor<3x8xf32>, %v: tensor<4x8xf32>) {
  // expected-error @below {{state and values must have the shape of logits}}
  %0:2 = moe.gate %l values(%v : tensor<4x8xf32>) score<softmax> select<top_k, k = 2> : tensor<3x8xf32> -> tensor<3x2xf32>, tensor<3x2xi32>
  return
}

// -----

// (G4)
func.func @f(%l: tensor<?x8xf32>, %b: tensor<8xf64>) {
  // expected-error @below {{f64 operands need f64 logits}}
  %0:2 = moe.gate %l bias(%b : tensor<8xf64>) score<softmax> select<top_k, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G4)
func.func @f(%l: tensor<?x8xf8E5M2>) {
  // expected-error @below {{operand #0 must be 2D tensor of 16-bit float or bfloat16 type or 32-bit float or 64-bit float values}}
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> : tensor<?x8xf8E5M2> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G5)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{ids go with select given or table, and only there}}
  %0:2 = moe.gate %l score<softmax> select<given, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G5)
func.func @f(%l: tensor<?x8xf32>, %i: tensor<?x2xi32>) {
  // expected-error @below {{ids go with select given or table, and only there}}
  %0:2 = moe.gate %l ids(%i : tensor<?x2xi32>) score<softmax> select<top_k, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G5)
func.func @f(%l: tensor<?x8xf32>, %i: tensor<?xi32>) {
  // expected-error @below {{a table goes with select table, and only there}}
  %0:2 = moe.gate %l ids(%i : tensor<?xi32>) score<softmax> select<table, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G6)
func.func @f(%l: tensor<?x8xf32>, %i: tensor<?x3xi32>) {
  // expected-error @below {{ids must be tensor<?x2xi32>, got 'tensor<?x3xi32>'}}
  %0:2 = moe.gate %l ids(%i : tensor<?x3xi32>) score<softmax> select<given, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G6)
func.func @f(%l: tensor<3x8xf32>, %i: tensor<4x2xi32>) {
  // expected-error @below {{ids and logits differ in tokens}}
  %0:2 = moe.gate %l ids(%i : tensor<4x2xi32>) score<softmax> select<given, k = 2> : tensor<3x8xf32> -> tensor<3x2xf32>, tensor<3x2xi32>
  return
}

// -----

// (G7)
func.func @f(%l: tensor<?x8xf32>, %i: tensor<?xi64>, %t: tensor<9x2xi32>) {
  // expected-error @below {{ids must be tensor<?xi32>, got 'tensor<?xi64>'}}
  %0:2 = moe.gate %l ids(%i : tensor<?xi64>) table(%t : tensor<9x2xi32>) score<softmax> select<table, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G7)
func.func @f(%l: tensor<?x8xf32>, %i: tensor<?xi32>, %t: tensor<9x3xi32>) {
  // expected-error @below {{table must have k = 2 columns}}
  %0:2 = moe.gate %l ids(%i : tensor<?xi32>) table(%t : tensor<9x3xi32>) score<softmax> select<table, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G8)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{select all needs k = 8}}
  %0:2 = moe.gate %l score<softmax> select<all, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// -----

// (G9)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{rank 9 exceeds 8 experts}}
  %0:2 = moe.gate %l score<softmax> select<rank_k, k = 1, rank = 9> : tensor<?x8xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return
}

// -----

// (G9)
func.func @f(%l: tensor<?x8xf32>) {
  // expected-error @below {{cannot choose k = 9 of 8 experts}}
  %0:2 = moe.gate %l score<softmax> select<threshold, k = 9> : tensor<?x8xf32> -> tensor<?x9xf32>, tensor<?x9xi32>
  return
}

// -----

// (G9), for the two picks of sparse_mixer
func.func @f(%l: tensor<?x1xf32>) {
  // expected-error @below {{cannot choose k = 2 of 1 experts}}
  %0:2 = moe.gate %l score<identity> select<sparse_mixer, k = 2> : tensor<?x1xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}
