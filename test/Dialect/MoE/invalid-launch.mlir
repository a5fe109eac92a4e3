// RUN: moe-opt %s --split-input-file --verify-diagnostics

// (O1)
tt.func public @k(%p: !tt.ptr<f32>) {
  tt.return
}
func.func @no_grid(%y: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{a grid has 1 to 3 dimensions, not 0}}
  %r = moe.launch @k grid() outs(%y : tensor<4xf32>)
  return %r : tensor<4xf32>
}

// -----

// (O2)
func.func @no_kernel(%n: index, %y: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{there is no kernel @k}}
  %r = moe.launch @k grid(%n) outs(%y : tensor<4xf32>)
  return %r : tensor<4xf32>
}

// -----

// (O2)
tt.func public @k(%p: !tt.ptr<f32>) {
  tt.return
}
func.func @parameters(%n: index, %x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{@k must take 2 parameters and return nothing}}
  %r = moe.launch @k grid(%n) ins(%x : tensor<4xf32>) outs(%y : tensor<4xf32>)
  return %r : tensor<4xf32>
}

// -----

// (O3)
tt.func public @k(%s: i32, %p: !tt.ptr<f32>) {
  tt.return
}
func.func @scalar(%n: index, %s: i64, %y: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{scalar 0 of type 'i64' cannot be passed as 'i32'}}
  %r = moe.launch @k grid(%n) ins(%s : i64) outs(%y : tensor<4xf32>)
  return %r : tensor<4xf32>
}
