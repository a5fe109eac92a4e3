func.func @f(%x: i32) {
  return
}
