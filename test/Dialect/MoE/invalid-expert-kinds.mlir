// RUN: moe-opt %s --split-input-file --verify-diagnostics

// (F1)
func.func @f(%w: !moe.weights<2x8, f32>, %d: !moe.weights<2x6x8, f32>) {
  // expected-error @below {{up must be a matrix, got '!moe.weights<2x8, f32>'}}
  %0 = moe.ffn_experts up(%w : !moe.weights<2x8, f32>) down(%d : !moe.weights<2x6x8, f32>) activation<relu> : !moe.experts<2, 6 -> 6>
  return
}

// -----

// (F1)
func.func @f(%w: !moe.weights<2x8x6, f32>, %d: !moe.weights<2x6x8, f32>) {
  // expected-error @below {{up must be 3x8x6, got '!moe.weights<2x8x6, f32>'}}
  %0 = moe.ffn_experts up(%w : !moe.weights<2x8x6, f32>) down(%d : !moe.weights<2x6x8, f32>) activation<relu> : !moe.experts<3, 6 -> 6>
  return
}

// -----

// (F1)
func.func @f(%w: !moe.weights<2x8x6, f32>, %d: !moe.weights<2x6x8, f32>) {
  // expected-error @below {{up must be 2x8x7, got '!moe.weights<2x8x6, f32>'}}
  %0 = moe.ffn_experts up(%w : !moe.weights<2x8x6, f32>) down(%d : !moe.weights<2x6x8, f32>) activation<relu> : !moe.experts<2, 7 -> 6>
  return
}

// -----

// (F1)
func.func @f(%w: !moe.weights<2x8x6, f32>, %d: !moe.weights<2x6x8, f32>, %b: !moe.weights<2x6, f32>) {
  // expected-error @below {{up bias must be 2x8, got '!moe.weights<2x6, f32>'}}
  %0 = moe.ffn_experts up(%w bias %b : !moe.weights<2x8x6, f32>, !moe.weights<2x6, f32>) down(%d : !moe.weights<2x6x8, f32>) activation<relu> : !moe.experts<2, 6 -> 6>
  return
}

// -----

// (F1)
func.func @f(%w: !moe.weights<2x8x6, f32>, %d: !moe.weights<2x6x8, f32>) {
  // expected-error @below {{down must be 2x6x8, got '!moe.weights<2x8x6, f32>'}}
  %0 = moe.ffn_experts up(%w : !moe.weights<2x8x6, f32>) down(%w : !moe.weights<2x8x6, f32>) activation<relu> : !moe.experts<2, 6 -> 6>
  return
}

// -----

// (F1)
func.func @f(%w: !moe.weights<2x8x6, f32>, %d: !moe.weights<2x6x8, f32>, %b: !moe.weights<2x8, f32>) {
  // expected-error @below {{down bias must be 2x6, got '!moe.weights<2x8, f32>'}}
  %0 = moe.ffn_experts up(%w : !moe.weights<2x8x6, f32>) down(%d bias %b : !moe.weights<2x6x8, f32>, !moe.weights<2x8, f32>) activation<relu> : !moe.experts<2, 6 -> 6>
  return
}

// -----

// (F1)
func.func @f(%w: !moe.weights<2x8x6, f32>, %d: !moe.weights<2x6x8, f32>) {
  // expected-error @below {{gate must be 2x8x6, got '!moe.weights<2x6x8, f32>'}}
  %0 = moe.ffn_experts up(%w : !moe.weights<2x8x6, f32>) gate(%d : !moe.weights<2x6x8, f32>) down(%d : !moe.weights<2x6x8, f32>) activation<relu> : !moe.experts<2, 6 -> 6>
  return
}

// -----

// (F1)
func.func @f(%w: !moe.weights<2x8x6, f32>, %d: !moe.weights<2x6x8, f32>, %b: !moe.weights<2x6, f32>) {
  // expected-error @below {{gate bias must be 2x8, got '!moe.weights<2x6, f32>'}}
  %0 = moe.ffn_experts up(%w : !moe.weights<2x8x6, f32>) gate(%w bias %b : !moe.weights<2x8x6, f32>, !moe.weights<2x6, f32>) down(%d : !moe.weights<2x6x8, f32>) activation<relu> : !moe.experts<2, 6 -> 6>
  return
}

// -----

// (F2): the custom form could not say it
func.func @f(%w: !moe.weights<2x8x6, f32>, %d: !moe.weights<2x6x8, f32>, %b: !moe.weights<2x8, f32>) {
  // expected-error @below {{a gate bias needs a gate projection}}
  %0 = "moe.ffn_experts"(%w, %b, %d) <{activation = #moe.activation<relu>, operandSegmentSizes = array<i32: 1, 0, 0, 1, 1, 0>}> : (!moe.weights<2x8x6, f32>, !moe.weights<2x8, f32>, !moe.weights<2x6x8, f32>) -> !moe.experts<2, 6 -> 6>
  return
}

// -----

// (F3)
func.func @f(%w: !moe.weights<2x8x6, f32>, %d: !moe.weights<2x6x8, f32>) {
  // expected-error @below {{beta and limit need a gate projection}}
  %0 = moe.ffn_experts up(%w : !moe.weights<2x8x6, f32>) down(%d : !moe.weights<2x6x8, f32>) activation<silu, beta = 1> : !moe.experts<2, 6 -> 6>
  return
}

// -----

// (F3)
func.func @f(%w: !moe.weights<2x8x6, f32>, %d: !moe.weights<2x6x8, f32>) {
  // expected-error @below {{beta and limit need a gate projection}}
  %0 = moe.ffn_experts up(%w : !moe.weights<2x8x6, f32>) down(%d : !moe.weights<2x6x8, f32>) activation<silu, limit = 7> : !moe.experts<2, 6 -> 6>
  return
}

// -----

// (Y1)
func.func @f() {
  // expected-error @below {{copies cannot change the row size, got '!moe.experts<1, 6 -> 7>'}}
  %0 = moe.copy_experts : !moe.experts<1, 6 -> 7>
  return
}

// -----

// (K1)
func.func @f(%v: !moe.weights<2x6, f32>) {
  // expected-error @below {{vectors must be 3x6, got '!moe.weights<2x6, f32>'}}
  %0 = moe.constant_experts %v : !moe.weights<2x6, f32> -> !moe.experts<3, 6 -> 6>
  return
}

// -----

// (K1)
func.func @f(%w: !moe.weights<2x8x6, f32>) {
  // expected-error @below {{vectors must be 2x8, got '!moe.weights<2x8x6, f32>'}}
  %0 = moe.constant_experts %w : !moe.weights<2x8x6, f32> -> !moe.experts<2, 6 -> 8>
  return
}

// -----

// (K2)
func.func @f(%v: !moe.weights<2x6, f32>, %m: !moe.weights<2x2x5, f32>) {
  // expected-error @below {{mixed constants cannot change the row size, got '!moe.experts<2, 5 -> 6>'}}
  %0 = moe.constant_experts %v mix(%m : !moe.weights<2x2x5, f32>) : !moe.weights<2x6, f32> -> !moe.experts<2, 5 -> 6>
  return
}

// -----

// (K2)
func.func @f(%v: !moe.weights<2x6, f32>, %m: !moe.weights<2x8x6, f32>) {
  // expected-error @below {{mix must be 2x2x6, got '!moe.weights<2x8x6, f32>'}}
  %0 = moe.constant_experts %v mix(%m : !moe.weights<2x8x6, f32>) : !moe.weights<2x6, f32> -> !moe.experts<2, 6 -> 6>
  return
}

// -----

// (R1)
func.func @f() {
  // expected-error @below {{the region must take (index, tensor<?x6xfloat>)}}
  %0 = moe.region_experts : !moe.experts<2, 6 -> 6> {
  ^bb0(%rows: tensor<?x6xf32>):
    moe.yield %rows : tensor<?x6xf32>
  }
  return
}

// -----

// (R1)
func.func @f() {
  // expected-error @below {{the region must take (index, tensor<?x6xfloat>)}}
  %0 = moe.region_experts : !moe.experts<2, 6 -> 6> {
  ^bb0(%e: i32, %rows: tensor<?x6xf32>):
    moe.yield %rows : tensor<?x6xf32>
  }
  return
}

// -----

// (R1)
func.func @f() {
  // expected-error @below {{the region must take (index, tensor<?x6xfloat>)}}
  %0 = moe.region_experts : !moe.experts<2, 6 -> 6> {
  ^bb0(%e: index, %rows: tensor<4x6xf32>):
    moe.yield %rows : tensor<4x6xf32>
  }
  return
}

// -----

// (R1)
func.func @f() {
  // expected-error @below {{the region must take (index, tensor<?x6xfloat>)}}
  %0 = moe.region_experts : !moe.experts<2, 6 -> 6> {
  ^bb0(%e: index, %rows: tensor<?x6xi32>):
    moe.yield %rows : tensor<?x6xi32>
  }
  return
}

// -----

// (R1): an empty region gets an empty yield
func.func @f() {
  // expected-error @below {{the region must take (index, tensor<?x6xfloat>)}}
  %0 = moe.region_experts : !moe.experts<2, 6 -> 6> {}
  return
}

// -----

// (R2)
func.func @f() {
  // expected-error @below {{the region must yield one tensor<?x7xfloat>}}
  %0 = moe.region_experts : !moe.experts<2, 6 -> 7> {
  ^bb0(%e: index, %rows: tensor<?x6xf32>):
    moe.yield %rows : tensor<?x6xf32>
  }
  return
}

// -----

// (R2)
func.func @f() {
  // expected-error @below {{the region must yield one tensor<?x6xfloat>}}
  %0 = moe.region_experts : !moe.experts<2, 6 -> 6> {
  ^bb0(%e: index, %rows: tensor<?x6xf32>):
    moe.yield %rows, %rows : tensor<?x6xf32>, tensor<?x6xf32>
  }
  return
}

// -----

// (R2)
func.func @f() {
  // expected-error @below {{the region must yield one tensor<?x6xfloat>}}
  %0 = moe.region_experts : !moe.experts<2, 6 -> 6> {
  ^bb0(%e: index, %rows: tensor<?x6xf32>):
    moe.yield
  }
  return
}

// -----

// (R3)
func.func @f(%m: memref<f32>, %c: f32) {
  // expected-error @below {{the region must be free of memory effects, found 'memref.store'}}
  %0 = moe.region_experts : !moe.experts<2, 6 -> 6> {
  ^bb0(%e: index, %rows: tensor<?x6xf32>):
    memref.store %c, %m[] : memref<f32>
    moe.yield %rows : tensor<?x6xf32>
  }
  return
}

// -----

// (R3): what an unknown operation does is unknown
func.func @f() {
  // expected-error @below {{the region must be free of memory effects, found 'func.call'}}
  %0 = moe.region_experts : !moe.experts<2, 6 -> 6> {
  ^bb0(%e: index, %rows: tensor<?x6xf32>):
    func.call @f() : () -> ()
    moe.yield %rows : tensor<?x6xf32>
  }
  return
}
