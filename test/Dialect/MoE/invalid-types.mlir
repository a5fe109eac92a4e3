// RUN: moe-opt %s --split-input-file --verify-diagnostics

// (T1)
// expected-error @below {{a plan needs at least one expert, and fewer than 2^31, got 0}}
func.func private @f(!moe.plan<0>)

// -----

// (T1)
// expected-error @below {{a plan needs at least one expert, and fewer than 2^31, got 2147483648}}
func.func private @f(!moe.plan<2147483648>)

// -----

// (T1)
// expected-error @below {{a plan needs at least one expert, and fewer than 2^31, got -1}}
func.func private @f(!moe.plan<-1>)

// -----

// expected-error @below {{expected one of [token_choice, expert_choice] for owner of a plan, got: nobody}}
// expected-error @below {{failed to parse}}
func.func private @f(!moe.plan<8, nobody>)

// -----

// (T2)
// expected-error @below {{weights have 2 dimensions (experts, elements) or 3 (experts, outputs, inputs), got 1}}
func.func private @f(!moe.weights<8, f32>)

// -----

// (T2)
// expected-error @below {{weights have 2 dimensions (experts, elements) or 3 (experts, outputs, inputs), got 4}}
func.func private @f(!moe.weights<8x1x1x1, f32>)

// -----

// (T2)
// expected-error @below {{weights have 2 dimensions (experts, elements) or 3 (experts, outputs, inputs), got 0}}
func.func private @f(!moe.weights<, f32>)

// -----

// (T2)
// expected-error @below {{weights need static dimensions of at least 1}}
func.func private @f(!moe.weights<8x0x4, f32>)

// -----

// (T2)
// expected-error @below {{expected static shape}}
func.func private @f(!moe.weights<8x?x4, f32>)

// -----

// (T2)
// expected-error @below {{weights need fewer than 2^31 experts, got 2147483648}}
func.func private @f(!moe.weights<2147483648x4x4, f32>)

// -----

// (T3)
// expected-error @below {{weights cannot be stored as 'i32'}}
func.func private @f(!moe.weights<8x4x4, i32>)

// -----

// (T3)
// expected-error @below {{weights cannot be stored as 'si8'}}
func.func private @f(!moe.weights<8x4x4, si8>)

// -----

// (T3)
// expected-error @below {{weights cannot be stored as 'i1'}}
func.func private @f(!moe.weights<8x4x4, i1>)

// -----

// (T3)
// expected-error @below {{weights cannot be stored as 'f80'}}
func.func private @f(!moe.weights<8x4x4, f80>)

// -----

// (T3)
// expected-error @below {{weights cannot be stored as 'tensor<4xf32>'}}
func.func private @f(!moe.weights<8x4x4, tensor<4xf32>>)

// -----

// (T4)
// expected-error @below {{weights are too large}}
func.func private @f(!moe.weights<1x9223372036854775807x2, f32>)

// -----

// (T5)
// expected-error @below {{a set needs at least one expert, and fewer than 2^31, got 0}}
func.func private @f(!moe.experts<0, 4 -> 4>)

// -----

// (T5)
// expected-error @below {{a set needs at least one expert, and fewer than 2^31, got 4294967296}}
func.func private @f(!moe.experts<4294967296, 4 -> 4>)

// -----

// (T5)
// expected-error @below {{rows of experts need at least one element, got 0 -> 4}}
func.func private @f(!moe.experts<1, 0 -> 4>)

// -----

// (T5)
// expected-error @below {{rows of experts need at least one element, got 4 -> -4}}
func.func private @f(!moe.experts<1, 4 -> -4>)
