//===- ScheduleExpertPipeline.cpp - Overlap chunks of experts ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Remarks.h"
#include "moe/Analysis/CostModel.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::moe {
#define GEN_PASS_DEF_SCHEDULEEXPERTPIPELINEPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-schedule-expert-pipeline"

static remark::RemarkOpts name(StringRef remark) {
  return remark::RemarkOpts::name(remark).category(DEBUG_TYPE);
}

namespace {
/// What the link transfers.
enum class Overlap { None, Weights, Rows };

/// A schedule and the time that it is predicted to take.
struct Alternative {
  SmallVector<ChunkAttr> chunks;
  double seconds = 0.0;
};

/// Schedules of one layer.
class Scheduler {
public:
  Scheduler(ExpertsOp op, TargetAttr target, Overlap overlap, int64_t tokens);

  /// Splits the experts into about `count` chunks of equal time.
  Alternative split(int64_t count) const;

private:
  PipelineStage getStage(const CostModel::Chunk &chunk) const;
  /// The faster kind of GEMM for experts [begin, end), and its stage.
  std::pair<GemmKind, PipelineStage> choose(int64_t begin, int64_t end) const;
  SmallVector<int64_t> getBoundaries(int64_t count) const;

  MLIRContext *context;
  TargetAttr target;
  CostModel model;
  Overlap overlap;
  SmallVector<ExpertLoad> loads;
  SmallVector<ExpertSizes> sizes;
  /// Where sets end, and the time of each expert alone.
  SmallVector<int64_t> setEnds;
  SmallVector<double> times;
};
} // namespace

Scheduler::Scheduler(ExpertsOp op, TargetAttr target, Overlap overlap,
                     int64_t tokens)
    : context(op.getContext()), target(target), model(target), overlap(overlap),
      loads(getExpertLoads(op, tokens)) {
  int64_t end = 0;
  for (Value set : op.getSets()) {
    // One set's experts are of one size.
    ExpertSizes own = getExpertSizes(op, end);
    int64_t count = cast<ExpertsType>(set.getType()).getCount();
    sizes.append(count, own);
    setEnds.push_back(end += count);
  }
  for (int64_t i = 0; i < end; ++i) {
    PipelineStage stage = choose(i, i + 1).second;
    times.push_back(stage.fetch + stage.compute + stage.send);
  }
}

PipelineStage Scheduler::getStage(const CostModel::Chunk &chunk) const {
  PipelineStage stage;
  stage.compute = model.getTime(chunk);
  if (overlap == Overlap::Weights)
    stage.fetch = chunk.weightBytes / target.getLink();
  if (overlap == Overlap::Rows) {
    stage.fetch = chunk.inputBytes / target.getLink();
    stage.send = chunk.outputBytes / target.getLink();
  }
  return stage;
}

std::pair<GemmKind, PipelineStage> Scheduler::choose(int64_t begin,
                                                     int64_t end) const {
  auto evaluate = [&](GemmKind kind) {
    return getStage(model.getChunk(
        ArrayRef<ExpertLoad>(loads).slice(begin, end - begin),
        ArrayRef<ExpertSizes>(sizes).slice(begin, end - begin), kind));
  };
  PipelineStage grouped = evaluate(GemmKind::Grouped),
                dense = evaluate(GemmKind::Dense);
  if (dense.compute < grouped.compute)
    return {GemmKind::Dense, dense};
  return {GemmKind::Grouped, grouped};
}

/// Where chunks end: each takes its share of the whole time, and ends with its
/// set at the latest.
SmallVector<int64_t> Scheduler::getBoundaries(int64_t count) const {
  double total = 0.0, sum = 0.0;
  for (double time : times)
    total += time;
  SmallVector<int64_t> ends(setEnds);
  int64_t next = 1;
  for (auto [expert, time] : llvm::enumerate(times)) {
    sum += time;
    bool isFull = false;
    // A little less than the share is enough: sums are rounded.
    while (next < count && sum >= total * (1.0 - 1e-12) *
                                      static_cast<double>(next) /
                                      static_cast<double>(count)) {
      isFull = true;
      ++next;
    }
    if (isFull)
      ends.push_back(expert + 1);
  }
  llvm::sort(ends);
  ends.erase(llvm::unique(ends), ends.end());
  return ends;
}

Alternative Scheduler::split(int64_t count) const {
  SmallVector<ChunkAttr> chunks;
  SmallVector<PipelineStage> stages;
  int64_t begin = 0;
  for (int64_t end : getBoundaries(count)) {
    auto [kind, stage] = choose(begin, end);
    chunks.push_back(ChunkAttr::get(context, begin, end, kind));
    stages.push_back(stage);
    begin = end;
  }
  SmallVector<unsigned> order = getPipelineOrder(stages);
  Alternative result;
  result.seconds = getPipelineTime(stages, order);
  for (unsigned i : order)
    result.chunks.push_back(chunks[i]);
  return result;
}

namespace {
struct ScheduleExpertPipelinePass
    : moe::impl::ScheduleExpertPipelinePassBase<ScheduleExpertPipelinePass> {
  using ScheduleExpertPipelinePassBase::ScheduleExpertPipelinePassBase;

  void runOnOperation() override {
    if (overlap != "auto" && overlap != "none" && overlap != "weights" &&
        overlap != "rows") {
      getOperation()->emitError("overlap must be auto, none, weights or rows, "
                                "got ")
          << overlap;
      return signalPassFailure();
    }
    TargetAttr given;
    if (!targetText.empty()) {
      given = dyn_cast_or_null<TargetAttr>(
          parseAttribute(targetText, &getContext()));
      if (!given) {
        getOperation()->emitError("the option target is no #moe.target: ")
            << targetText;
        return signalPassFailure();
      }
    }
    WalkResult result = getOperation()->walk([&](ExpertsOp op) {
      TargetAttr target = given ? given : findTarget(op);
      if (!target) {
        op.emitError("there is no moe.target around, and no option target");
        return WalkResult::interrupt();
      }
      return succeeded(schedule(op, target)) ? WalkResult::advance()
                                             : WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  /// The target of the nearest operation around.
  static TargetAttr findTarget(Operation *op) {
    for (; op; op = op->getParentOp())
      if (auto target = op->getAttrOfType<TargetAttr>("moe.target"))
        return target;
    return {};
  }

  FailureOr<Overlap> getOverlap(ExpertsOp op, TargetAttr target) {
    if (target.getLink() > 0.0) {
      if (overlap == "weights")
        return Overlap::Weights;
      return overlap == "none" ? Overlap::None : Overlap::Rows;
    }
    if (overlap == "auto" || overlap == "none")
      return Overlap::None;
    return op.emitError("the target has no link to overlap with");
  }

  LogicalResult schedule(ExpertsOp op, TargetAttr target);
};
} // namespace

LogicalResult ScheduleExpertPipelinePass::schedule(ExpertsOp op,
                                                   TargetAttr target) {
  FailureOr<Overlap> kind = getOverlap(op, target);
  if (failed(kind))
    return failure();
  std::optional<int64_t> count = getNumTokens(op);
  if (!count && tokens > 0)
    count = tokens;
  if (!count) {
    remark::missed(op.getLoc(), name("tokens"))
        << remark::reason("the number of tokens is not known; the option "
                          "tokens gives it");
    return success();
  }
  Scheduler scheduler(op, target, *kind, *count);
  int64_t most = std::min<int64_t>(std::max<int64_t>(maxChunks, 1),
                                   op.getPlan().getType().getExperts());
  Alternative best;
  for (int64_t chunks = 1; chunks <= most; ++chunks) {
    Alternative next = scheduler.split(chunks);
    // Where sets end, or one expert takes more than a share, there are others.
    if (chunks > 1 && next.chunks.size() == best.chunks.size() &&
        next.seconds >= best.seconds)
      continue;
    remark::analysis(op.getLoc(), name("alternative"))
        << remark::reason("{0} chunks: {1} us", next.chunks.size(),
                          llvm::formatv("{0:f3}", next.seconds * 1e6).str());
    if (best.chunks.empty() || next.seconds < best.seconds)
      best = std::move(next);
  }
  op->setAttr("moe.schedule", ScheduleAttr::get(op.getContext(), best.chunks));
  ++numScheduled;
  numPipelined += best.chunks.size() > 1;
  remark::passed(op.getLoc(), name("schedule"))
      << remark::reason("{0} chunks, {1} us", best.chunks.size(),
                        llvm::formatv("{0:f3}", best.seconds * 1e6).str());
  return success();
}
