//===- ObjectCode.cpp - Machine code from the LLVM dialect ------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/ExecutionEngine/ObjectCode.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "moe/ExecutionEngine/CodeVariant.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace llvm;
using moe::CodeTarget;

static void initializeTarget() {
  static bool done = [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)done;
}

static Expected<const Target *> findTarget(const Triple &triple) {
  initializeTarget();
  std::string error;
  if (const Target *target = TargetRegistry::lookupTarget(triple, error))
    return target;
  return createStringError(error);
}

Expected<CodeTarget> CodeTarget::get(StringRef cpu) {
  CodeTarget target;
  target.triple = sys::getProcessTriple();
  if (cpu.empty() || cpu == "host" || cpu == "native") {
    target.cpu = sys::getHostCPUName().str();
    SubtargetFeatures features;
    for (const auto &feature : sys::getHostCPUFeatures())
      features.AddFeature(feature.first(), feature.second);
    target.features = features.getString();
    return target;
  }
  Triple triple(target.triple);
  Expected<const Target *> found = findTarget(triple);
  if (!found)
    return found.takeError();
  // LLVM itself would only warn about a name that it does not know, and end the
  // process at a processor of 32 bits.
  std::unique_ptr<MCSubtargetInfo> generic(
      (*found)->createMCSubtargetInfo(triple, "", ""));
  if (!generic->isCPUStringValid(cpu))
    return createStringError("unknown processor '" + cpu + "'");
  std::unique_ptr<MCSubtargetInfo> subtarget(
      (*found)->createMCSubtargetInfo(triple, cpu, ""));
  if (triple.isX86() && triple.isArch64Bit() &&
      !subtarget->checkFeatures("+64bit"))
    return createStringError("'" + cpu + "' has no 64-bit mode");
  target.cpu = cpu.str();
  return target;
}

/// Whether code generation never makes use of a feature by itself: instructions
/// for operating systems, caches, random numbers, transactions. Virtual
/// machines often hide these from programs.
static bool isNeverGenerated(StringRef feature) {
  static constexpr StringLiteral names[] = {
      "aes",     "cldemote",  "clflushopt", "clwb",      "clzero",   "crc32",
      "enqcmd",  "fsgsbase",  "fxsr",       "hreset",    "invpcid",  "kl",
      "lwp",     "movdir64b", "movdiri",    "mwaitx",    "pclmul",   "pconfig",
      "pku",     "prefetchi", "prfchw",     "ptwrite",   "rdpid",    "rdpru",
      "rdrnd",   "rdseed",    "rtm",        "serialize", "sgx",      "sha",
      "sha512",  "shstk",     "sm3",        "sm4",       "tsxldtrk", "uintr",
      "usermsr", "vaes",      "vpclmulqdq", "waitpkg",   "wbnoinvd", "widekl",
      "xsave",   "xsavec",    "xsaveopt",   "xsaves"};
  return is_contained(names, feature);
}

std::vector<std::string> CodeTarget::getRequiredFeatures() const {
  Triple parsed(triple);
  std::vector<std::string> required;
  Expected<const Target *> found = findTarget(parsed);
  if (!found) {
    consumeError(found.takeError());
    return required;
  }
  std::unique_ptr<MCSubtargetInfo> subtarget(
      (*found)->createMCSubtargetInfo(parsed, cpu, features));
  // The host's list has every feature that programs can see, with whether the
  // host has it.
  for (const auto &feature : sys::getHostCPUFeatures())
    if (!isNeverGenerated(feature.first()) &&
        subtarget->checkFeatures(("+" + feature.first()).str()))
      required.push_back(feature.first().str());
  sort(required);
  return required;
}

Error CodeTarget::checkHost() const {
  StringMap<bool> host = sys::getHostCPUFeatures();
  std::vector<std::string> missing = getRequiredFeatures();
  erase_if(missing, [&](StringRef name) { return host.lookup(name); });
  if (missing.empty())
    return Error::success();
  return createStringError("this machine cannot run code for '" + cpu +
                           "', it lacks " + join(missing, ", "));
}

Expected<std::unique_ptr<TargetMachine>>
CodeTarget::createTargetMachine() const {
  Triple parsed(triple);
  Expected<const Target *> found = findTarget(parsed);
  if (!found)
    return found.takeError();
  return std::unique_ptr<TargetMachine>((*found)->createTargetMachine(
      parsed, cpu, features, TargetOptions(), Reloc::PIC_, std::nullopt,
      CodeGenOptLevel::Aggressive));
}

static bool hasAVX512(const TargetMachine &machine) {
  return machine.getTargetTriple().isX86() &&
         machine.getMCSubtargetInfo()->checkFeatures("+avx512f");
}

bool CodeTarget::hasFeature(StringRef feature) const {
  Triple parsed(triple);
  Expected<const Target *> found = findTarget(parsed);
  if (!found) {
    consumeError(found.takeError());
    return false;
  }
  std::unique_ptr<MCSubtargetInfo> subtarget(
      (*found)->createMCSubtargetInfo(parsed, cpu, features));
  return subtarget->checkFeatures(("+" + feature).str());
}

unsigned CodeTarget::getVectorBits() const {
  return Triple(triple).isX86() && hasFeature("avx512f") ? 512 : 256;
}

bool CodeTarget::hasByteDot() const {
  return hasFeature(getVectorBits() == 512 ? "avx512vnni" : "avxvnni");
}

/// The functions that the runtime looks up.
static bool isExported(const GlobalValue &value) {
  StringRef name = value.getName();
  return name == "moe_manifest" || name.starts_with("moe_entry_") ||
         name.starts_with("moe_init_");
}

/// The function that runs once, at load.
static bool isInit(const Function &function) {
  return function.getName().starts_with("moe_init_");
}

/// Says what is to be inlined: the bodies of exported functions, which have
/// seven arguments for each weight, but no kernel or loop that several layers
/// share, and nothing into what runs once.
static void setInlining(llvm::Module &module) {
  for (Function &function : module) {
    if (function.isDeclaration() || !function.hasLocalLinkage())
      continue;
    if (function.hasNUsesOrMore(2)) {
      function.addFnAttr(Attribute::NoInline);
      continue;
    }
    auto *call = function.hasOneUse() ? dyn_cast<CallBase>(function.user_back())
                                      : nullptr;
    if (!call || call->getCalledFunction() != &function)
      continue;
    Function *caller = call->getFunction();
    if (!caller->hasLocalLinkage())
      function.addFnAttr(Attribute::AlwaysInline);
    else if (caller->hasOneUse())
      if (auto *outer = dyn_cast<CallBase>(caller->user_back()))
        if (isInit(*outer->getFunction()))
          function.addFnAttr(Attribute::NoInline);
  }
}

/// What -O2 does for loops and memory, each once. Decoders have hundreds of
/// small functions, and thousands of calls with dozens of arguments, on which
/// the interprocedural passes of -O2 take more than linear time.
static constexpr StringLiteral pipeline =
    "always-inline,globaldce,"
    "function(sroa,early-cse<memssa>,simplifycfg,instcombine<no-verify-"
    "fixpoint>),"
    "deadargelim,cgscc(inline),"
    "function(sroa,early-cse<memssa>,simplifycfg,"
    "loop-mssa(loop-instsimplify,loop-simplifycfg,licm,loop-rotate,licm),"
    "simplifycfg,instcombine<no-verify-fixpoint>,"
    "loop(loop-idiom,indvars,loop-deletion),gvn,dse,loop-vectorize,"
    "instcombine<no-verify-fixpoint>,simplifycfg,loop-mssa(licm),adce),"
    "globaldce";

static Error optimize(llvm::Module &module, TargetMachine &machine,
                      bool quick) {
  internalizeModule(module, isExported);
  setInlining(module);
  // LLVM would split 512-bit vectors on processors that once slowed down at
  // them; kernels are written for the width that the processor has.
  if (hasAVX512(machine))
    for (Function &function : module)
      if (!function.isDeclaration())
        function.addFnAttr("prefer-vector-width", "512");

  PipelineTuningOptions options;
  // Kernels come unrolled; copies of the bodies of all other loops would make
  // up three quarters of the time that a decoder takes to compile.
  options.LoopUnrolling = false;
  options.LoopInterleaving = false;
  options.SLPVectorization = false;
  PassBuilder builder(&machine, options);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager callGraph;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  ModulePassManager passes;
  if (quick)
    passes = builder.buildPerModuleDefaultPipeline(OptimizationLevel::O1);
  else if (Error error = builder.parsePassPipeline(passes, pipeline))
    return error;
  passes.run(module, modules);
  // A list of thousands of calls, where instruction selection by blocks takes
  // quadratic time.
  for (Function &function : module) {
    if (!isInit(function))
      continue;
    function.addFnAttr(Attribute::NoInline);
    function.addFnAttr(Attribute::OptimizeNone);
  }
  return Error::success();
}

Expected<std::unique_ptr<MemoryBuffer>>
moe::compileToObject(mlir::ModuleOp moduleOp, const CodeTarget &target,
                     bool quick, ObjectKind kind) {
  Expected<std::unique_ptr<TargetMachine>> machine =
      target.createTargetMachine();
  if (!machine)
    return machine.takeError();
  mlir::registerBuiltinDialectTranslation(*moduleOp.getContext());
  mlir::registerLLVMDialectTranslation(*moduleOp.getContext());
  LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      mlir::translateModuleToLLVMIR(moduleOp, context);
  if (!module)
    return createStringError("cannot be translated to LLVM IR");
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  if (Error error = optimize(*module, **machine, quick))
    return error;
  if (kind == ObjectKind::Variant)
    makeCodeVariant(*module, target);

  SmallVector<char, 0> object;
  raw_svector_ostream stream(object);
  legacy::PassManager codegen;
  if ((*machine)->addPassesToEmitFile(codegen, stream, nullptr,
                                      CodeGenFileType::ObjectFile))
    return createStringError("the target cannot emit object files");
  codegen.run(*module);
  return std::make_unique<SmallVectorMemoryBuffer>(std::move(object), "model",
                                                   false);
}
