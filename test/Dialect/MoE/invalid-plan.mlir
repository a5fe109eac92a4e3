// moe.plan, moe.dispatch and moe.combine.
// RUN: moe-opt %s --split-input-file --verify-diagnostics

// (P1)
func.func @f(%ids: tensor<?x2xi32>, %n: index) {
  // expected-error @below {{a number of tokens goes with a plan by expert choice, and only there}}
  %p = moe.plan %ids tokens(%n) : tensor<?x2xi32> -> !moe.plan<8>
  return
}

// -----

// (P1)
func.func @f(%ids: tensor<8x2xi32>) {
  // expected-error @below {{a number of tokens goes with a plan by expert choice, and only there}}
  %p = moe.plan %ids : tensor<8x2xi32> -> !moe.plan<8, expert_choice>
  return
}

// -----

// (P2)
func.func @f(%ids: tensor<9x2xi32>, %n: index) {
  // expected-error @below {{ids must have one row for each of 8 experts}}
  %p = moe.plan %ids tokens(%n) : tensor<9x2xi32> -> !moe.plan<8, expert_choice>
  return
}

// -----

func.func @f(%ids: tensor<?x2xi64>) {
  // expected-error @below {{operand #0 must be 2D tensor of 32-bit signless integer values, but got 'tensor<?x2xi64>'}}
  %p = moe.plan %ids : tensor<?x2xi64> -> !moe.plan<8>
  return
}

// -----

// (D1)
func.func @f(%x: tensor<?x4xf32>, %p: !moe.plan<8>) {
  // expected-error @below {{rows must have the element type and width of the input, got 'tensor<?x4xf32>' and 'tensor<?x4xf16>'}}
  %r = moe.dispatch %x, %p : tensor<?x4xf32>, !moe.plan<8> -> tensor<?x4xf16>
  return
}

// -----

// (D1)
func.func @f(%x: tensor<?x4xf32>, %p: !moe.plan<8>) {
  // expected-error @below {{rows must have the element type and width of the input, got 'tensor<?x4xf32>' and 'tensor<?x5xf32>'}}
  %r = moe.dispatch %x, %p : tensor<?x4xf32>, !moe.plan<8> -> tensor<?x5xf32>
  return
}

// -----

// (C1)
func.func @f(%x: tensor<?x4xf32>, %p: !moe.plan<8>, %w: tensor<?x2xf32>) {
  // expected-error @below {{result must have the element type and width of the rows, got 'tensor<?x4xf32>' and 'tensor<?x4xf64>'}}
  %r = moe.combine %x, %p, %w : tensor<?x4xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x4xf64>
  return
}

// -----

// (C1)
func.func @f(%x: tensor<?x4xf32>, %p: !moe.plan<8>, %w: tensor<?x2xf32>) {
  // expected-error @below {{result must have the element type and width of the rows, got 'tensor<?x4xf32>' and 'tensor<?x8xf32>'}}
  %r = moe.combine %x, %p, %w : tensor<?x4xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x8xf32>
  return
}

// -----

// (C2)
func.func @f(%x: tensor<?x4xf32>, %p: !moe.plan<8>, %w: tensor<5x2xf32>) {
  // expected-error @below {{weights and result differ in tokens}}
  %r = moe.combine %x, %p, %w : tensor<?x4xf32>, !moe.plan<8>, tensor<5x2xf32> -> tensor<6x4xf32>
  return
}

// -----

// (C2)
func.func @f(%x: tensor<?x4xf32>, %p: !moe.plan<8, expert_choice>, %w: tensor<9x2xf32>) {
  // expected-error @below {{weights must have one row for each of 8 experts}}
  %r = moe.combine %x, %p, %w : tensor<?x4xf32>, !moe.plan<8, expert_choice>, tensor<9x2xf32> -> tensor<?x4xf32>
  return
}

// -----

// (C3)
func.func @f(%x: tensor<?x4xf32>, %p: !moe.plan<8>, %w: tensor<?x2xf64>) {
  // expected-error @below {{f64 weights need f64 rows}}
  %r = moe.combine %x, %p, %w : tensor<?x4xf32>, !moe.plan<8>, tensor<?x2xf64> -> tensor<?x4xf32>
  return
}
