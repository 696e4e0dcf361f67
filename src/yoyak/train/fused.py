"""The parts of a decoder layer that keep most for the backward pass, written so that they keep little: LoRA's layers, gated blocks, norms.

Written out in single operations, a layer keeps every intermediate result: an fp32 copy of each norm's input, a 16-bit copy of each LoRA
layer's input, four tensors of the feed-forward block's inner width. Here each part is one autograd function that keeps its inputs, which
its neighbours hold anyway, and computes the rest again in the backward pass, where it is cheap (the idea of Unsloth and Liger Kernel, in
plain torch, so that it holds on a CPU too). The arithmetic is the same; tests compare the gradients.

Only what is frozen is treated so: norms without gradients, LoRA without dropout. Everything else stays as transformers and PEFT have it.
"""

from __future__ import annotations

from functools import lru_cache
from types import MethodType
from typing import TYPE_CHECKING, Any

from yoyak._extras import require

if TYPE_CHECKING:
    import torch

# Norms by class name -> whether the stored weight lacks the 1 that is added to it.
_NORMS = {"Gemma3RMSNorm": True, "GemmaRMSNorm": True, "Gemma2RMSNorm": True}
_NORMS |= dict.fromkeys(("LlamaRMSNorm", "MistralRMSNorm", "Qwen2RMSNorm", "Qwen3RMSNorm"), False)
_GATED = frozenset({"Gemma3MLP", "GemmaMLP", "Gemma2MLP", "LlamaMLP", "MistralMLP", "Qwen2MLP", "Qwen3MLP"})
#: `model_type` of the families whose every part is treated so.
FAMILIES = frozenset({"gemma", "gemma2", "gemma3_text", "llama", "mistral", "qwen2", "qwen3"})
_ACTIVATIONS = frozenset({"silu", "gelu_pytorch_tanh"})


def fuse(model: Any) -> int:
    """Let the model's parts compute as described above; returns how many do. The model's weights and their names stay as they are.

    Args:
        model: PEFT's model around a causal language model.
    """
    peft: Any = require("peft", extra="train")
    config = model.get_base_model().config
    activation = getattr(config, "hidden_activation", None) or getattr(config, "hidden_act", None)
    changed = 0
    for module in model.modules():
        kind = type(module).__name__
        if kind in _NORMS and not module.weight.requires_grad:
            module.forward = MethodType(_gemma_norm if _NORMS[kind] else _llama_norm, module)
        elif isinstance(module, peft.tuners.lora.layer.LoraLayer) and _is_plain(module):
            module.forward = MethodType(_lora if _is_linear(module.get_base_layer()) else _lora_on_top, module)
        elif kind in _GATED and activation in _ACTIVATIONS:
            module.fused_activation = activation
            module.forward = MethodType(_gated, module)
        else:
            continue
        changed += 1
    return changed


def _is_plain(module: Any) -> bool:
    """One adapter, no dropout, nothing but W x + s B A x."""
    import torch

    if list(module.active_adapters) != ["default"] or module.lora_variant or "default" not in getattr(module, "lora_A", {}):
        return False
    dropout = module.lora_dropout["default"]
    return isinstance(dropout, torch.nn.Identity) and module.lora_B["default"].bias is None


def _is_linear(layer: Any) -> bool:
    import torch

    return type(layer) is torch.nn.Linear and layer.bias is None and not layer.weight.requires_grad


def _parts(module: Any) -> tuple[torch.Tensor, torch.Tensor, float]:
    return module.lora_A["default"].weight, module.lora_B["default"].weight, module.scaling["default"]


def _lora(self: Any, x: torch.Tensor) -> torch.Tensor:
    result: torch.Tensor = _functions()["lora"].apply(x, self.get_base_layer().weight, *_parts(self))
    return result


def _lora_on_top(self: Any, x: torch.Tensor) -> torch.Tensor:
    """A base layer of its own kind (4 bits, a bias): computed as it is, the update added."""
    base: torch.Tensor = self.get_base_layer()(x)
    update: torch.Tensor = _functions()["lora"].apply(x, None, *_parts(self))
    return base + update.to(base.dtype)


def _gated(self: Any, x: torch.Tensor) -> torch.Tensor:
    functions = _functions()
    gate, up = self.gate_proj(x), self.up_proj(x)
    down = self.down_proj
    base = down.get_base_layer() if hasattr(down, "get_base_layer") else down
    if base is not down and getattr(down.forward, "__func__", None) is _lora:
        result: torch.Tensor = functions["gated_lora"].apply(gate, up, base.weight, *_parts(down), self.fused_activation)
    else:
        result = down(functions["gated"].apply(gate, up, self.fused_activation))
    return result


def _gemma_norm(self: Any, x: torch.Tensor) -> torch.Tensor:
    result: torch.Tensor = _functions()["norm"].apply(x, self.weight, self.eps, True)
    return result


def _llama_norm(self: Any, x: torch.Tensor) -> torch.Tensor:
    result: torch.Tensor = _functions()["norm"].apply(x, self.weight, self.variance_epsilon, False)
    return result


@lru_cache(maxsize=1)
def _functions() -> dict[str, Any]:
    """The autograd functions; made at their first use, since their base class is torch's."""
    import torch

    def computed_in(tensor: Any) -> Any:
        """What autocast says, else what a frozen matrix is kept in."""
        kind = tensor.device.type
        return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else tensor.dtype

    def activated(x: Any, kind: str) -> Any:
        return torch.nn.functional.silu(x) if kind == "silu" else torch.nn.functional.gelu(x, approximate="tanh")

    def activation_backward(gradient: Any, x: Any, kind: str) -> Any:
        if kind == "silu":
            return torch.ops.aten.silu_backward(gradient, x)
        return torch.ops.aten.gelu_backward(gradient, x, approximate="tanh")

    def forward_lora(flat: Any, weight: Any, a: Any, b: Any, scale: float) -> tuple[torch.Tensor, torch.Tensor]:
        """(W x + s B A x, A x) of (n, in)."""
        low = flat @ a.T
        if weight is None:
            return (low @ b.T).mul_(scale), low
        return (flat @ weight.to(flat.dtype).T).addmm_(low, b.T, alpha=scale), low

    def backward_lora(gradient: Any, flat: Any, low: Any, weight: Any, a: Any, b: Any, scale: float, inner: bool) -> tuple[Any, Any, Any]:
        """Gradients of x (if `inner`), A and B."""
        of_low = (gradient @ b).mul_(scale)
        of_a, of_b = of_low.T @ flat, (gradient.T @ low).mul_(scale)
        if not inner:
            return None, of_a, of_b
        return (of_low @ a) if weight is None else (gradient @ weight.to(a.dtype)).addmm_(of_low, a), of_a, of_b

    class Lora(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, weight: Any, a: Any, b: Any, scale: float) -> torch.Tensor:
            dtype = computed_in(x if weight is None else weight)
            flat = x.reshape(-1, x.shape[-1]).to(dtype)
            a, b = a.to(dtype), b.to(dtype)
            y, low = forward_lora(flat, weight, a, b, scale)
            ctx.save_for_backward(flat, low, weight, a, b)
            ctx.scale, ctx.shape, ctx.dtype = scale, x.shape, x.dtype
            return y.view(*x.shape[:-1], -1)

        @staticmethod
        def backward(ctx: Any, *outer: Any) -> Any:
            flat, low, weight, a, b = ctx.saved_tensors
            gradient = outer[0].reshape(-1, outer[0].shape[-1]).to(flat.dtype)
            of_x, of_a, of_b = backward_lora(gradient, flat, low, weight, a, b, ctx.scale, ctx.needs_input_grad[0])
            return None if of_x is None else of_x.view(ctx.shape).to(ctx.dtype), None, of_a, of_b, None

    class Gated(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, gate: Any, up: Any, kind: str) -> Any:
            ctx.save_for_backward(gate, up)
            ctx.kind = kind
            return activated(gate, kind).mul_(up)

        @staticmethod
        def backward(ctx: Any, *outer: Any) -> Any:
            gate, up = ctx.saved_tensors
            return activation_backward(outer[0] * up, gate, ctx.kind), outer[0] * activated(gate, ctx.kind), None

    class GatedLora(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, gate: Any, up: Any, weight: Any, a: Any, b: Any, scale: float, kind: str) -> torch.Tensor:
            dtype = computed_in(weight)
            a, b, gate, up = a.to(dtype), b.to(dtype), gate.to(dtype), up.to(dtype)
            inner = activated(gate, kind).mul_(up)
            y, low = forward_lora(inner.view(-1, inner.shape[-1]), weight, a, b, scale)
            ctx.save_for_backward(gate, up, low, weight, a, b)
            ctx.scale, ctx.kind = scale, kind
            return y.view(*gate.shape[:-1], -1)

        @staticmethod
        def backward(ctx: Any, *outer: Any) -> Any:
            gate, up, low, weight, a, b = ctx.saved_tensors
            gradient = outer[0].reshape(-1, outer[0].shape[-1]).to(gate.dtype)
            active = activated(gate, ctx.kind)
            inner = (active * up).view(-1, gate.shape[-1])
            of_inner, of_a, of_b = backward_lora(gradient, inner, low, weight, a, b, ctx.scale, True)
            del inner
            of_inner = of_inner.view_as(gate)
            of_up = active.mul_(of_inner)
            of_gate = activation_backward(of_inner.mul_(up), gate, ctx.kind)
            return of_gate, of_up, None, of_a, of_b, None, None

    class Norm(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, weight: Any, eps: float, one_added: bool) -> Any:
            wide = x.float()
            root = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)
            ctx.save_for_backward(x, root, weight)
            ctx.one_added = one_added
            normed = wide * root
            # Gemma multiplies in fp32, Llama in the type of the input: transformers' own order.
            return normed.mul_(1.0 + weight.float()).to(x.dtype) if one_added else weight * normed.to(x.dtype)

        @staticmethod
        def backward(ctx: Any, *outer: Any) -> Any:
            x, root, weight = ctx.saved_tensors
            gradient = outer[0].float() * (1.0 + weight.float() if ctx.one_added else weight.float())
            normed = x.float().mul_(root) if x.dtype != torch.float32 else x * root
            along = (gradient * normed).mean(-1, keepdim=True)
            return gradient.sub_(normed.mul_(along)).mul_(root).to(x.dtype), None, None, None

    return {"lora": Lora, "gated": Gated, "gated_lora": GatedLora, "norm": Norm}
