// RUN: moe-opt %s --verify-diagnostics --split-input-file

// (J1)
func.func @missing(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'moe.call_kernel' op there is no function @f}}
  %y = moe.call_kernel @f outs(%x : tensor<4xf32>)
  return %y : tensor<4xf32>
}

// -----

// (J1)
func.func private @f(memref<4xf32>)
func.func @count(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'moe.call_kernel' op @f must take 2 arguments and return nothing}}
  %y = moe.call_kernel @f ins(%x : tensor<4xf32>) outs(%x : tensor<4xf32>)
  return %y : tensor<4xf32>
}

// -----

// (J1)
func.func private @f(memref<4xf32>) -> i32
func.func @result(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'moe.call_kernel' op @f must take 1 arguments and return nothing}}
  %y = moe.call_kernel @f outs(%x : tensor<4xf32>)
  return %y : tensor<4xf32>
}

// -----

// (J2)
func.func private @f(memref<5xf32>)
func.func @size(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'moe.call_kernel' op operand 0 of type 'tensor<4xf32>' cannot be passed as 'memref<5xf32>'}}
  %y = moe.call_kernel @f outs(%x : tensor<4xf32>)
  return %y : tensor<4xf32>
}

// -----

// (J2)
func.func private @f(memref<4xf32, strided<[2]>>)
func.func @layout(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'moe.call_kernel' op operand 0 of type 'tensor<4xf32>' cannot be passed as 'memref<4xf32, strided<[2]>>'}}
  %y = moe.call_kernel @f outs(%x : tensor<4xf32>)
  return %y : tensor<4xf32>
}

// -----

// (J2)
func.func private @f(index, memref<4xf32>)
func.func @scalar(%x: tensor<4xf32>, %i: i64) -> tensor<4xf32> {
  // expected-error @below {{'moe.call_kernel' op operand 0 of type 'i64' cannot be passed as 'index'}}
  %y = moe.call_kernel @f ins(%i : i64) outs(%x : tensor<4xf32>)
  return %y : tensor<4xf32>
}
