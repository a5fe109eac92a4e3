// RUN: moe-opt %s --convert-moe-launch-to-calls --split-input-file --verify-diagnostics

func.func @no_code(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{'moe.launch' op launches a kernel without machine code; see moe-compile-kernels}}
  %a = moe.launch @k grid(%c1) outs(%x : tensor<4xf32>)
  return %a : tensor<4xf32>
}
tt.func public @k(%x: !tt.ptr<f32>) {
  tt.return
}

// -----

func.func @real(%x: tensor<4xf32>, %n: f32) -> tensor<4xf32> {
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{'moe.launch' op has a scalar that is no integer}}
  %a = moe.launch @k grid(%c1) ins(%n : f32) outs(%x : tensor<4xf32>)
  return %a : tensor<4xf32>
}
tt.func public @k(%n: f32, %x: !tt.ptr<f32>) attributes {
    moe.num_warps = 2 : i32, moe.image = "code", moe.shared = 0 : i64, moe.scratch = 0 : i64, moe.capability = 90 : i64} {
  tt.return
}
