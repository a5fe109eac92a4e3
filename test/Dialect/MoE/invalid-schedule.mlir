// RUN: moe-opt %s --split-input-file --verify-diagnostics

// (N1)
// expected-error @below {{limits of a target are finite and at least 0}}
func.func private @f() attributes {a = #moe.target<flops_f32 = 1.0, memory = -1.0>}

// -----

// (N1)
// expected-error @below {{limits of a target are finite and at least 0}}
func.func private @f() attributes {a = #moe.target<flops_f32 = inf, memory = 1.0>}

// -----

// (N1)
// expected-error @below {{a target needs flops_f32 and memory}}
func.func private @f() attributes {a = #moe.target<flops_f32 = 1.0>}

// -----

// (N2)
// expected-error @below {{a target needs units and tiles of at least 1, and a cache of at least 0}}
func.func private @f() attributes {a = #moe.target<flops_f32 = 1.0, memory = 1.0, units = 0>}

// -----

// (N2)
// expected-error @below {{grouped is a share of the peak, more than 0 and at most 1}}
func.func private @f() attributes {a = #moe.target<flops_f32 = 1.0, memory = 1.0, grouped = 1.5>}

// -----

// (N3)
// expected-error @below {{a chunk is of one expert at least, got [2, 2]}}
func.func private @f() attributes {a = #moe.chunk<experts = [2, 2], gemm = dense>}

// -----

// (N4)
// expected-error @below {{chunks must hold every expert once, 2 is not}}
func.func private @f() attributes {a = #moe.schedule<[<experts = [3, 4], gemm = dense>, <experts = [0, 2], gemm = dense>]>}

// -----

// (N4)
// expected-error @below {{chunks must hold every expert once, 2 is not}}
func.func private @f() attributes {a = #moe.schedule<[<experts = [1, 4], gemm = dense>, <experts = [0, 2], gemm = dense>]>}

// -----

// (N5)
// expected-error @below {{moe.target must be a #moe.target}}
func.func private @f() attributes {moe.target = 1 : i64}

// -----

// (N6)
func.func @f(%x: tensor<?x6xf32>, %p: !moe.plan<2>) {
  %e = moe.copy_experts : !moe.experts<2, 6 -> 6>
  // expected-error @below {{moe.load must be an array of f64 with shares of the rows, at least 0, on a moe.experts}}
  %y = moe.experts %x, %p, (%e) {moe.load = array<i64: 1, 1>} : tensor<?x6xf32>, !moe.plan<2>, !moe.experts<2, 6 -> 6> -> tensor<?x6xf32>
  return
}

// -----

// (N6)
func.func @f(%x: tensor<?x6xf32>, %p: !moe.plan<2>) {
  %e = moe.copy_experts : !moe.experts<2, 6 -> 6>
  // expected-error @below {{moe.load must be an array of f64}}
  %y = moe.experts %x, %p, (%e) {moe.load = array<f64: 1.0, -1.0>} : tensor<?x6xf32>, !moe.plan<2>, !moe.experts<2, 6 -> 6> -> tensor<?x6xf32>
  return
}

// -----

// (N6)
// expected-error @below {{moe.load must be an array of f64}}
func.func private @f() attributes {moe.load = array<f64: 1.0>}

// -----

// (N7)
// expected-error @below {{moe.schedule must be a #moe.schedule on a moe.experts}}
func.func private @f() attributes {moe.schedule = #moe.schedule<[<experts = [0, 3], gemm = dense>]>}

// -----

// (N7)
func.func @f(%x: tensor<?x6xf32>, %p: !moe.plan<2>) {
  %e = moe.copy_experts : !moe.experts<2, 6 -> 6>
  // expected-error @below {{moe.schedule must be a #moe.schedule on a moe.experts}}
  %y = moe.experts %x, %p, (%e) {moe.schedule = 1 : i64} : tensor<?x6xf32>, !moe.plan<2>, !moe.experts<2, 6 -> 6> -> tensor<?x6xf32>
  return
}
