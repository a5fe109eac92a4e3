// RUN: moe-opt %s --convert-moe-to-linalg --split-input-file --verify-diagnostics

// expected-error @below {{not converted: '!moe.weights<2x4x4, f32>' must be made and used in one function, by moe operations}}
func.func @weights_argument(%w: !moe.weights<2x4x4, f32>) {
  return
}

// -----

func.func @experts_returned() -> !moe.experts<1, 4 -> 4> {
  %e = moe.zero_experts : !moe.experts<1, 4 -> 4>
  // expected-error @below {{not converted: '!moe.experts<1, 4 -> 4>' must be made and used in one function, by moe operations}}
  return %e : !moe.experts<1, 4 -> 4>
}

// -----

func.func @plan_elsewhere(%c: i1, %p: !moe.plan<2>, %q: !moe.plan<2>)
    -> !moe.plan<2> {
  // expected-error @below {{not converted: only func, scf and moe operations can carry '!moe.plan<2>'}}
  %r = arith.select %c, %p, %q : !moe.plan<2>
  return %r : !moe.plan<2>
}

// -----

func.func @too_deep(%a: tensor<1x4x4xf32>, %rows: tensor<?x4xf32>,
                    %p: !moe.plan<1>) -> tensor<?x4xf32> {
  %w = moe.weights %a : tensor<1x4x4xf32> -> !moe.weights<1x4x4, f32>
  %1 = moe.low_rank_weights %w, %w, %w : !moe.weights<1x4x4, f32>, !moe.weights<1x4x4, f32>, !moe.weights<1x4x4, f32> -> !moe.weights<1x4x4, f32>
  %2 = moe.low_rank_weights %1, %w, %w : !moe.weights<1x4x4, f32>, !moe.weights<1x4x4, f32>, !moe.weights<1x4x4, f32> -> !moe.weights<1x4x4, f32>
  %3 = moe.low_rank_weights %2, %w, %w : !moe.weights<1x4x4, f32>, !moe.weights<1x4x4, f32>, !moe.weights<1x4x4, f32> -> !moe.weights<1x4x4, f32>
  %4 = moe.low_rank_weights %3, %w, %w : !moe.weights<1x4x4, f32>, !moe.weights<1x4x4, f32>, !moe.weights<1x4x4, f32> -> !moe.weights<1x4x4, f32>
  %5 = moe.low_rank_weights %4, %w, %w : !moe.weights<1x4x4, f32>, !moe.weights<1x4x4, f32>, !moe.weights<1x4x4, f32> -> !moe.weights<1x4x4, f32>
  // expected-error @below {{low-rank weights build on each other more than 4 deep}}
  %e = moe.ffn_experts up(%5 : !moe.weights<1x4x4, f32>)
      down(%w : !moe.weights<1x4x4, f32>) activation<relu>
      : !moe.experts<1, 4 -> 4>
  %o = moe.experts %rows, %p, (%e)
      : tensor<?x4xf32>, !moe.plan<1>, !moe.experts<1, 4 -> 4>
        -> tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}

// -----

func.func @packed(%a: tensor<1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = moe.weights %a : tensor<1x4x4xf32> -> !moe.weights<1x4x4, f32>
  // expected-error @below {{not converted: lower it with moe-expand-pack-weights}}
  %b = moe.pack_weights %w panel(4)
      : !moe.weights<1x4x4, f32> -> tensor<1x1x4x4xf32>
  return %b : tensor<1x1x4x4xf32>
}

// -----

func.func @weights_from_outside(%w: !moe.weights<2x4x4, f32>) {
  // expected-error @below {{needs weights made by moe.weights in the same function}}
  %e = moe.ffn_experts up(%w : !moe.weights<2x4x4, f32>)
      down(%w : !moe.weights<2x4x4, f32>) activation<relu>
      : !moe.experts<2, 4 -> 4>
  return
}

// -----

func.func @sets_from_outside(%e: !moe.experts<2, 4 -> 4>, %p: !moe.plan<2>,
                             %rows: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error @below {{not converted: needs sets of experts made in the same function}}
  %o = moe.experts %rows, %p, (%e)
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4>
        -> tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}
