//===- TensorFiles.cpp - Files of one tensor --------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Support/HostTensor.h"
#include "moe/Target/ONNX/Reader.h"
#include "moe/Target/ONNX/Tensor.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/LEB128.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace llvm;
using namespace moe;
using mlir::onnxir::proto::DataType;
using rt::ElementType;

static constexpr std::pair<DataType, ElementType> types[] = {
    {DataType::Float, ElementType::F32},
    {DataType::Uint8, ElementType::UI8},
    {DataType::Int8, ElementType::I8},
    {DataType::Uint16, ElementType::UI16},
    {DataType::Int16, ElementType::I16},
    {DataType::Int32, ElementType::I32},
    {DataType::Int64, ElementType::I64},
    {DataType::Bool, ElementType::I1},
    {DataType::Float16, ElementType::F16},
    {DataType::Double, ElementType::F64},
    {DataType::Uint32, ElementType::UI32},
    {DataType::Uint64, ElementType::UI64},
    {DataType::Complex64, ElementType::ComplexF32},
    {DataType::Complex128, ElementType::ComplexF64},
    {DataType::BFloat16, ElementType::BF16},
    {DataType::Float8E4M3FN, ElementType::F8E4M3FN},
    {DataType::Float8E4M3FNUZ, ElementType::F8E4M3FNUZ},
    {DataType::Float8E5M2, ElementType::F8E5M2},
    {DataType::Float8E5M2FNUZ, ElementType::F8E5M2FNUZ},
    {DataType::Uint4, ElementType::UI4},
    {DataType::Int4, ElementType::I4},
    {DataType::Float4E2M1, ElementType::F4E2M1FN},
    {DataType::Float8E8M0, ElementType::F8E8M0FNU},
    {DataType::Uint2, ElementType::UI2},
    {DataType::Int2, ElementType::I2}};

Expected<HostTensor> moe::readTensorProto(StringRef bytes) {
  Expected<mlir::onnxir::proto::TensorProto> proto =
      mlir::onnxir::proto::readTensor(bytes);
  if (!proto)
    return proto.takeError();
  const auto *type =
      find_if(types, [&](auto &known) { return known.first == proto->dataType; });
  if (type == std::end(types))
    return createStringError("tensor of unsupported data type " +
                             Twine(int32_t(proto->dataType)));
  if (proto->external)
    return createStringError("tensor with its data in another file");
  // The reader says what is wrong by diagnostics.
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string message;
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
    if (message.empty())
      message = diagnostic.str();
  });
  auto emitError = [&] {
    return mlir::emitError(mlir::UnknownLoc::get(&context));
  };
  mlir::FailureOr<mlir::RankedTensorType> tensorType =
      mlir::onnxir::getTensorType(&context, *proto, emitError);
  if (failed(tensorType))
    return createStringError(message);
  SmallVector<char, 0> storage;
  mlir::FailureOr<StringRef> data =
      mlir::onnxir::getTensorBytes(*proto, *tensorType, storage, emitError);
  if (failed(data))
    return createStringError(message);
  Expected<HostTensor> tensor =
      HostTensor::create(type->second, tensorType->getShape().vec());
  if (!tensor)
    return tensor;
  if (data->size() != tensor->getNumBytes())
    return createStringError("tensor " +
                             rt::formatType(type->second, tensor->getDims()) +
                             " with " + Twine(data->size()) +
                             " bytes of data");
  if (!data->empty())
    memcpy(tensor->getData(), data->data(), data->size());
  tensor->name = proto->name.str();
  return tensor;
}

/// Numbers of TensorProto's fields, and the wire types.
namespace field {
constexpr unsigned dims = 1, dataType = 2, name = 8, rawData = 9;
constexpr unsigned varint = 0, bytes = 2;
} // namespace field

void moe::writeTensorProto(const HostTensor &tensor, raw_ostream &os) {
  auto tag = [&](unsigned number, unsigned wireType) {
    encodeULEB128(number << 3 | wireType, os);
  };
  for (int64_t dim : tensor.getDims()) {
    tag(field::dims, field::varint);
    encodeULEB128(dim, os);
  }
  const auto *type = find_if(
      types, [&](auto &known) { return known.second == tensor.getType(); });
  tag(field::dataType, field::varint);
  encodeULEB128(uint32_t(type->first), os);
  tag(field::name, field::bytes);
  encodeULEB128(tensor.name.size(), os);
  os << tensor.name;
  tag(field::rawData, field::bytes);
  encodeULEB128(tensor.getNumBytes(), os);
  os.write(reinterpret_cast<const char *>(tensor.getData()),
           tensor.getNumBytes());
}

Expected<HostTensor> moe::readTensorFile(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return createStringError(file.getError(), file.getError().message());
  StringRef bytes = (*file)->getBuffer();
  if (bytes.empty())
    return createStringError("is empty");
  return bytes.starts_with("\x93NUMPY") ? readNpy(bytes)
                                        : readTensorProto(bytes);
}

/// Names of tensors may hold anything; files' names may not.
static std::string makeFileName(StringRef name) {
  std::string file = name.str();
  for (char &c : file)
    if (c == '/' || c == '\\' || c == '\0')
      c = '_';
  if (file.empty() || file.front() == '.')
    file.insert(0, "_");
  return file;
}

Error moe::writeTensorFile(const HostTensor &tensor, StringRef directory,
                           StringRef name) {
  bool npy = isNpyType(tensor.getType());
  SmallString<128> path(directory);
  sys::path::append(path, makeFileName(name) + (npy ? ".npy" : ".pb"));
  auto fail = [&](const Twine &why) {
    return createStringError(path + ": " + why);
  };
  if (std::error_code error = sys::fs::create_directories(directory))
    return createStringError(directory + ": " + error.message());
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(
      path + ".%%%%%%%%.tmp", sys::fs::all_read | sys::fs::owner_write);
  if (!file)
    return fail(toString(file.takeError()));
  raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  if (npy)
    writeNpy(tensor, os);
  else
    writeTensorProto(tensor, os);
  os.flush();
  if (os.has_error()) {
    std::string message = os.error().message();
    os.clear_error();
    consumeError(file->discard());
    return fail(message);
  }
  if (Error error = file->keep(path))
    return fail(toString(std::move(error)));
  return Error::success();
}
