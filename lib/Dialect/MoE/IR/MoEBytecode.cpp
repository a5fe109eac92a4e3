//===- MoEBytecode.cpp - Bytecode of types and attributes -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoEBytecode.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::moe;

namespace {
/// What stands first in the encoding of an attribute. Numbers are never used
/// again for something else.
enum class AttrCode : uint64_t {
  Score = 0,
  GroupLimit = 1,
  Select = 2,
  Capacity = 3,
  Normalize = 4,
  Activation = 5,
  Layout = 6,
  Target = 7,
  Chunk = 8,
  Schedule = 9,
};

/// The same for a type.
enum class TypeCode : uint64_t { Plan = 0, Weights = 1, Experts = 2 };
} // namespace

//===----------------------------------------------------------------------===//
// Fields
//===----------------------------------------------------------------------===//

static void write(DialectBytecodeWriter &writer, int64_t value) {
  writer.writeSignedVarInt(value);
}
static void write(DialectBytecodeWriter &writer, Real value) {
  writer.writeAPFloatWithKnownSemantics(APFloat(value.value));
}
template <typename EnumT,
          typename = std::enable_if_t<std::is_enum<EnumT>::value>>
static void write(DialectBytecodeWriter &writer, EnumT value) {
  writer.writeVarInt(static_cast<uint64_t>(value));
}

static void write(DialectBytecodeWriter &writer, bool value) {
  writer.writeVarInt(value);
}

template <typename... Fields>
static void writeFields(DialectBytecodeWriter &writer, Fields... fields) {
  (write(writer, fields), ...);
}

static LogicalResult read(DialectBytecodeReader &reader, int64_t &value) {
  return reader.readSignedVarInt(value);
}
static LogicalResult read(DialectBytecodeReader &reader, bool &value) {
  uint64_t number;
  if (failed(reader.readVarInt(number)))
    return failure();
  // (B4)
  if (number > 1)
    return reader.emitError() << number << " is no truth value";
  value = number != 0;
  return success();
}
static LogicalResult read(DialectBytecodeReader &reader, Real &value) {
  FailureOr<APFloat> real =
      reader.readAPFloatWithKnownSemantics(APFloat::IEEEdouble());
  if (failed(real))
    return failure();
  value = real->convertToDouble();
  return success();
}

/// Reads an enumerator, which `symbolize` knows.
template <typename EnumT>
static LogicalResult readEnum(DialectBytecodeReader &reader, EnumT &value,
                              std::optional<EnumT> (*symbolize)(uint32_t)) {
  uint64_t number;
  if (failed(reader.readVarInt(number)))
    return failure();
  std::optional<EnumT> known;
  if (number <= std::numeric_limits<uint32_t>::max())
    known = symbolize(static_cast<uint32_t>(number));
  // (B4)
  if (!known)
    return reader.emitError()
           << "unknown enumerator " << number << " of the moe dialect";
  value = *known;
  return success();
}
static LogicalResult read(DialectBytecodeReader &reader, ScoreFunction &value) {
  return readEnum(reader, value, symbolizeScoreFunction);
}
static LogicalResult read(DialectBytecodeReader &reader, SelectMode &value) {
  return readEnum(reader, value, symbolizeSelectMode);
}
static LogicalResult read(DialectBytecodeReader &reader, TieBreak &value) {
  return readEnum(reader, value, symbolizeTieBreak);
}
static LogicalResult read(DialectBytecodeReader &reader, GroupReduce &value) {
  return readEnum(reader, value, symbolizeGroupReduce);
}
static LogicalResult read(DialectBytecodeReader &reader, NormalizeMode &value) {
  return readEnum(reader, value, symbolizeNormalizeMode);
}
static LogicalResult read(DialectBytecodeReader &reader, GemmKind &value) {
  return readEnum(reader, value, symbolizeGemmKind);
}
static LogicalResult read(DialectBytecodeReader &reader,
                          ActivationFunction &value) {
  return readEnum(reader, value, symbolizeActivationFunction);
}
static LogicalResult read(DialectBytecodeReader &reader, PlanOwner &value) {
  return readEnum(reader, value, symbolizePlanOwner);
}

/// Reads fields and makes an attribute or type of them, which is null, with an
/// error, if they break its constraints.
template <typename ResultT, typename... Fields>
static ResultT readFields(DialectBytecodeReader &reader, Fields... fields) {
  if ((failed(read(reader, fields)) || ...))
    return {};
  return ResultT::getChecked([&] { return reader.emitError(); },
                             reader.getContext(), fields...);
}

//===----------------------------------------------------------------------===//
// Attributes and types whose encoding is not the list of their parameters
//===----------------------------------------------------------------------===//

/// Before 1.3 a moe.combine had three operands and no groups of them.
static void addAffineTerm(CombineOp op) {
  auto sizes = llvm::MutableArrayRef(op.getProperties().operandSegmentSizes);
  // Files that are no older than the operands have sizes.
  if (op->getNumOperands() == 3 &&
      llvm::all_of(sizes, [](int32_t size) { return size == 0; }))
    llvm::fill(sizes.take_front(3), 1);
}

/// Whether readers and writers know what version 1.`minor` brought.
template <typename StreamT>
static bool knows(const StreamT &stream, uint64_t minor) {
  FailureOr<const DialectVersion *> version =
      stream.template getDialectVersion<MoEDialect>();
  return failed(version) || !(static_cast<const MoEDialectVersion &>(
                                  **version) < MoEDialectVersion(1, minor));
}

static LogicalResult writeSelect(SelectAttr attr,
                                 DialectBytecodeWriter &writer) {
  // Tie, rank and jitter.
  bool ties = knows(writer, 1);
  // What 1.0 cannot say falls back to text, which its parser refuses.
  if (!ties && (attr.getTie() != TieBreak::Lower || attr.getRank() != 0 ||
                attr.getJitter() != Real(0.0)))
    return failure();
  writeFields(writer, AttrCode::Select, attr.getMode(), attr.getK(),
              attr.getP(), attr.getThreshold());
  if (ties)
    writeFields(writer, attr.getTie(), attr.getRank(), attr.getJitter());
  return success();
}

static Attribute readSelect(DialectBytecodeReader &reader) {
  SelectMode mode = SelectMode::TopK;
  int64_t k = 0, rank = 0;
  Real p = 0.0, threshold = 0.0, jitter = 0.0;
  TieBreak tie = TieBreak::Lower;
  if (failed(read(reader, mode)) || failed(read(reader, k)) ||
      failed(read(reader, p)) || failed(read(reader, threshold)))
    return {};
  if (knows(reader, 1) &&
      (failed(read(reader, tie)) || failed(read(reader, rank)) ||
       failed(read(reader, jitter))))
    return {};
  return SelectAttr::getChecked([&] { return reader.emitError(); },
                                reader.getContext(), mode, k, tie, p, threshold,
                                rank, jitter);
}

static LogicalResult writeGroupLimit(GroupLimitAttr attr,
                                     DialectBytecodeWriter &writer) {
  bool fill = knows(writer, 2);
  if (!fill && attr.getFill() != Real(-std::numeric_limits<double>::infinity()))
    return failure();
  writeFields(writer, AttrCode::GroupLimit, attr.getCount(), attr.getKeep(),
              attr.getBy());
  if (fill)
    writeFields(writer, attr.getFill());
  return success();
}

static LogicalResult writeNormalize(NormalizeAttr attr,
                                    DialectBytecodeWriter &writer) {
  bool floor = knows(writer, 2);
  if (!floor && attr.getFloor() != Real(0.0))
    return failure();
  writeFields(writer, AttrCode::Normalize, attr.getMode(), attr.getEpsilon());
  if (floor)
    writeFields(writer, attr.getFloor());
  return success();
}

/// Reads the fields that every version has, then `last`, which 1.2 brought and
/// which keeps its value in older bytecode.
template <typename AttrT, typename... Fields>
static Attribute readWithLast(DialectBytecodeReader &reader, Real last,
                              Fields... fields) {
  if ((failed(read(reader, fields)) || ...) ||
      (knows(reader, 2) && failed(read(reader, last))))
    return {};
  return AttrT::getChecked([&] { return reader.emitError(); },
                           reader.getContext(), fields..., last);
}

static Attribute readSchedule(DialectBytecodeReader &reader) {
  uint64_t count;
  if (failed(reader.readVarInt(count)))
    return {};
  // (B4): each takes a byte at least, so nothing is allocated ahead.
  SmallVector<ChunkAttr> chunks;
  for (uint64_t i = 0; i < count; ++i) {
    chunks.push_back(
        readFields<ChunkAttr>(reader, int64_t(), int64_t(), GemmKind()));
    if (!chunks.back())
      return {};
  }
  return ScheduleAttr::getChecked([&] { return reader.emitError(); },
                                  reader.getContext(),
                                  ArrayRef<ChunkAttr>(chunks));
}

static LogicalResult writeWeights(WeightsType type,
                                  DialectBytecodeWriter &writer) {
  writeFields(writer, TypeCode::Weights);
  writer.writeVarInt(type.getShape().size());
  for (int64_t size : type.getShape())
    writer.writeSignedVarInt(size);
  writer.writeType(type.getStorage());
  return success();
}

static Type readWeights(DialectBytecodeReader &reader) {
  uint64_t rank;
  if (failed(reader.readVarInt(rank)))
    return {};
  // (B4): nothing is allocated for a rank that cannot be.
  if (rank > 3) {
    reader.emitError() << "weights of rank " << rank;
    return {};
  }
  SmallVector<int64_t, 3> shape(rank);
  for (int64_t &size : shape)
    if (failed(reader.readSignedVarInt(size)))
      return {};
  Type storage;
  if (failed(reader.readType(storage)))
    return {};
  return WeightsType::getChecked([&] { return reader.emitError(); },
                                 reader.getContext(), ArrayRef<int64_t>(shape),
                                 storage);
}

//===----------------------------------------------------------------------===//
// Properties
//===----------------------------------------------------------------------===//

LogicalResult mlir::moe::readExpertSelection(DialectBytecodeReader &reader,
                                             SmallVector<int64_t> &experts) {
  if (!knows(reader, 3))
    return success();
  uint64_t count;
  if (failed(reader.readVarInt(count)))
    return failure();
  // (B4): each takes a byte at least, so nothing is allocated ahead.
  for (uint64_t i = 0; i < count; ++i) {
    int64_t expert;
    if (failed(reader.readSignedVarInt(expert)))
      return failure();
    experts.push_back(expert);
  }
  return success();
}

void mlir::moe::writeExpertSelection(DialectBytecodeWriter &writer,
                                     ArrayRef<int64_t> experts) {
  if (!knows(writer, 3)) {
    // What older versions cannot say must not be read without it: the sizes of
    // operand segments follow, and no array is that long.
    if (!experts.empty())
      writer.writeVarInt(~uint64_t(1));
    return;
  }
  writer.writeVarInt(experts.size());
  for (int64_t expert : experts)
    writer.writeSignedVarInt(expert);
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

namespace {
struct MoEBytecodeInterface : BytecodeDialectInterface {
  explicit MoEBytecodeInterface(Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  LogicalResult writeAttribute(Attribute attr,
                               DialectBytecodeWriter &writer) const override {
    // Older versions get text, which their parser refuses.
    if (isa<TargetAttr, ChunkAttr, ScheduleAttr>(attr) && !knows(writer, 3))
      return failure();
    return TypeSwitch<Attribute, LogicalResult>(attr)
        .Case([&](ScoreAttr a) {
          writeFields(writer, AttrCode::Score, a.getFunction(),
                      a.getTemperature());
          return success();
        })
        .Case([&](GroupLimitAttr a) { return writeGroupLimit(a, writer); })
        .Case([&](SelectAttr a) { return writeSelect(a, writer); })
        .Case([&](CapacityAttr a) {
          writeFields(writer, AttrCode::Capacity, a.getCount(), a.getFactor());
          return success();
        })
        .Case([&](NormalizeAttr a) { return writeNormalize(a, writer); })
        .Case([&](ActivationAttr a) {
          writeFields(writer, AttrCode::Activation, a.getFunction(),
                      a.getAlpha(), a.getBeta(), a.getLimit());
          return success();
        })
        .Case([&](LayoutAttr a) {
          writeFields(writer, AttrCode::Layout, a.getOffset(), a.getStep(),
                      a.getTransposed());
          return success();
        })
        .Case([&](TargetAttr a) {
          writeFields(writer, AttrCode::Target, a.getFlopsF64(),
                      a.getFlopsF32(), a.getFlops_16(), a.getFlops_8(),
                      a.getMemory(), a.getLink(), a.getLaunch(), a.getUnits(),
                      a.getCache(), a.getTileRows(), a.getTileColumns(),
                      a.getGrouped());
          return success();
        })
        .Case([&](ChunkAttr a) {
          writeFields(writer, AttrCode::Chunk, a.getBegin(), a.getEnd(),
                      a.getGemm());
          return success();
        })
        .Case([&](ScheduleAttr a) {
          writeFields(writer, AttrCode::Schedule);
          writer.writeVarInt(a.getChunks().size());
          for (ChunkAttr chunk : a.getChunks())
            writeFields(writer, chunk.getBegin(), chunk.getEnd(),
                        chunk.getGemm());
          return success();
        })
        .Default([](Attribute) { return failure(); });
  }

  Attribute readAttribute(DialectBytecodeReader &reader) const override {
    uint64_t code;
    if (failed(reader.readVarInt(code)))
      return {};
    switch (static_cast<AttrCode>(code)) {
    case AttrCode::Score:
      return readFields<ScoreAttr>(reader, ScoreFunction(), Real(0.0));
    case AttrCode::GroupLimit:
      return readWithLast<GroupLimitAttr>(
          reader, Real(-std::numeric_limits<double>::infinity()), int64_t(),
          int64_t(), GroupReduce());
    case AttrCode::Select:
      return readSelect(reader);
    case AttrCode::Capacity:
      return readFields<CapacityAttr>(reader, int64_t(), Real(0.0));
    case AttrCode::Normalize:
      return readWithLast<NormalizeAttr>(reader, Real(0.0), NormalizeMode(),
                                         Real(0.0));
    case AttrCode::Activation:
      return readFields<ActivationAttr>(reader, ActivationFunction(), Real(0.0),
                                        Real(0.0), Real(0.0));
    case AttrCode::Layout:
      return readFields<LayoutAttr>(reader, int64_t(), int64_t(), bool());
    case AttrCode::Target:
      return readFields<TargetAttr>(reader, Real(0.0), Real(0.0), Real(0.0),
                                    Real(0.0), Real(0.0), Real(0.0), Real(0.0),
                                    int64_t(), int64_t(), int64_t(), int64_t(),
                                    Real(0.0));
    case AttrCode::Chunk:
      return readFields<ChunkAttr>(reader, int64_t(), int64_t(), GemmKind());
    case AttrCode::Schedule:
      return readSchedule(reader);
    }
    // (B4)
    reader.emitError() << "unknown attribute " << code << " of the moe dialect";
    return {};
  }

  LogicalResult writeType(Type type,
                          DialectBytecodeWriter &writer) const override {
    return TypeSwitch<Type, LogicalResult>(type)
        .Case([&](PlanType t) {
          writeFields(writer, TypeCode::Plan, t.getExperts(), t.getOwner());
          return success();
        })
        .Case([&](WeightsType t) { return writeWeights(t, writer); })
        .Case([&](ExpertsType t) {
          writeFields(writer, TypeCode::Experts, t.getCount(), t.getInSize(),
                      t.getOutSize());
          return success();
        })
        .Default([](Type) { return failure(); });
  }

  Type readType(DialectBytecodeReader &reader) const override {
    uint64_t code;
    if (failed(reader.readVarInt(code)))
      return {};
    switch (static_cast<TypeCode>(code)) {
    case TypeCode::Plan:
      return readFields<PlanType>(reader, int64_t(), PlanOwner());
    case TypeCode::Weights:
      return readWeights(reader);
    case TypeCode::Experts:
      return readFields<ExpertsType>(reader, int64_t(), int64_t(), int64_t());
    }
    // (B4)
    reader.emitError() << "unknown type " << code << " of the moe dialect";
    return {};
  }

  void writeVersion(DialectBytecodeWriter &writer) const override {
    MoEDialectVersion version = MoEDialectVersion::getCurrent();
    FailureOr<const DialectVersion *> asked =
        writer.getDialectVersion<MoEDialect>();
    if (succeeded(asked))
      version = static_cast<const MoEDialectVersion &>(**asked);
    writer.writeVarInt(version.major);
    writer.writeVarInt(version.minor);
  }

  std::unique_ptr<DialectVersion>
  readVersion(DialectBytecodeReader &reader) const override {
    uint64_t major, minor;
    if (failed(reader.readVarInt(major)) || failed(reader.readVarInt(minor)))
      return nullptr;
    MoEDialectVersion version(major, minor);
    MoEDialectVersion current = MoEDialectVersion::getCurrent();
    // (B2)
    if (current < version) {
      reader.emitError() << "bytecode has version " << major << "." << minor
                         << " of the moe dialect, this reader knows "
                         << current.major << "." << current.minor;
      return nullptr;
    }
    return std::make_unique<MoEDialectVersion>(version);
  }

  LogicalResult
  upgradeFromVersion(Operation *top,
                     const DialectVersion &version) const override {
    if (static_cast<const MoEDialectVersion &>(version) <
        MoEDialectVersion(1, 3))
      top->walk(addAffineTerm);
    return success();
  }
};
} // namespace

void mlir::moe::addBytecodeInterface(MoEDialect &dialect) {
  dialect.addInterfaces<MoEBytecodeInterface>();
}
