// RUN: moe-opt %s --split-input-file --verify-diagnostics

// (E1)
func.func @f(%x: tensor<?x6xf32>, %p: !moe.plan<2>, %e: !moe.experts<2, 6 -> 6>) {
  // expected-error @below {{'tensor<?x6xf32>' -> 'tensor<?x7xf32>' does not fit '!moe.experts<2, 6 -> 6>'}}
  %0 = moe.experts %x, %p, (%e) : tensor<?x6xf32>, !moe.plan<2>, !moe.experts<2, 6 -> 6> -> tensor<?x7xf32>
  return
}

// -----

// (E1)
func.func @f(%x: tensor<?x?xf32>, %p: !moe.plan<2>, %e: !moe.experts<2, 6 -> 6>) {
  // expected-error @below {{'tensor<?x?xf32>' -> 'tensor<?x6xf32>' does not fit '!moe.experts<2, 6 -> 6>'}}
  %0 = moe.experts %x, %p, (%e) : tensor<?x?xf32>, !moe.plan<2>, !moe.experts<2, 6 -> 6> -> tensor<?x6xf32>
  return
}

// -----

// (E2)
func.func @f(%x: tensor<?x6xf32>, %p: !moe.plan<2>, %e: !moe.experts<2, 6 -> 6>) {
  // expected-error @below {{the sets hold 4 experts, the plan 2}}
  %0 = moe.experts %x, %p, (%e, %e) : tensor<?x6xf32>, !moe.plan<2>, !moe.experts<2, 6 -> 6>, !moe.experts<2, 6 -> 6> -> tensor<?x6xf32>
  return
}

// -----

// (E2)
func.func @f(%x: tensor<?x6xf32>, %p: !moe.plan<2>, %e: !moe.experts<2, 6 -> 6>) {
  // expected-error @below {{the sets hold 0 experts, the plan 2}}
  %0 = "moe.experts"(%x, %p) <{operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0>}> : (tensor<?x6xf32>, !moe.plan<2>) -> tensor<?x6xf32>
  return
}

// -----

// (E3)
func.func @f(%x: tensor<?x6xf32>, %p: !moe.plan<2>, %e: !moe.experts<2, 6 -> 6>) {
  // expected-error @below {{input and result must have one element type}}
  %0 = moe.experts %x, %p, (%e) : tensor<?x6xf32>, !moe.plan<2>, !moe.experts<2, 6 -> 6> -> tensor<?x6xf16>
  return
}

// -----

// (E4)
func.func @f(%x: tensor<5x6xf32>, %p: !moe.plan<2>, %e: !moe.experts<2, 6 -> 6>) {
  // expected-error @below {{input and result differ in rows}}
  %0 = moe.experts %x, %p, (%e) : tensor<5x6xf32>, !moe.plan<2>, !moe.experts<2, 6 -> 6> -> tensor<6x6xf32>
  return
}

// -----

// (E4)
func.func @f(%x: tensor<5x6xf32>, %p: !moe.plan<2>, %e: !moe.experts<2, 6 -> 6>, %w: tensor<?x2xf32>) {
  // expected-error @below {{input and result differ in rows}}
  %0 = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>) : tensor<5x6xf32>, !moe.plan<2>, !moe.experts<2, 6 -> 6> -> tensor<6x6xf32>
  return
}

// -----

// (E5)
func.func @f(%x: tensor<?x6xf32>, %p: !moe.plan<2>, %e: !moe.experts<2, 6 -> 6>, %w: tensor<5x2xf32>) {
  // expected-error @below {{weights and result differ in tokens}}
  %0 = moe.experts %x, %p, (%e) combine(%w : tensor<5x2xf32>) : tensor<?x6xf32>, !moe.plan<2>, !moe.experts<2, 6 -> 6> -> tensor<6x6xf32>
  return
}

// -----

// (E5)
func.func @f(%x: tensor<?x6xf32>, %p: !moe.plan<2, expert_choice>, %e: !moe.experts<2, 6 -> 6>, %w: tensor<3x2xf32>) {
  // expected-error @below {{weights must have one row for each of 2 experts}}
  %0 = moe.experts %x, %p, (%e) combine(%w : tensor<3x2xf32>) : tensor<?x6xf32>, !moe.plan<2, expert_choice>, !moe.experts<2, 6 -> 6> -> tensor<?x6xf32>
  return
}

// -----

// (E6)
func.func @f(%x: tensor<?x6xf32>, %p: !moe.plan<2>, %e: !moe.experts<2, 6 -> 6>, %w: tensor<?x2xf64>) {
  // expected-error @below {{f64 weights need f64 rows}}
  %0 = moe.experts %x, %p, (%e) combine(%w : tensor<?x2xf64>) : tensor<?x6xf32>, !moe.plan<2>, !moe.experts<2, 6 -> 6> -> tensor<?x6xf32>
  return
}

// -----

// (E1): activations are not weights
func.func @f(%x: tensor<?x6xi8>, %p: !moe.plan<2>, %e: !moe.experts<2, 6 -> 6>) {
  // expected-error @below {{operand #0 must be 2D tensor of 16-bit float or bfloat16 type or 32-bit float or 64-bit float values, but got 'tensor<?x6xi8>'}}
  %0 = moe.experts %x, %p, (%e) : tensor<?x6xi8>, !moe.plan<2>, !moe.experts<2, 6 -> 6> -> tensor<?x6xi8>
  return
}
