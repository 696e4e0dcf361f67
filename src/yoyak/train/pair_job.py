"""The job and the loss of an encoder-decoder: what the loop is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from yoyak.checkpoints.encoder_decoder import Controls
from yoyak.train import packed
from yoyak.train.batches import IGNORED
from yoyak.train.pairs import Pair, PairBatch, collate

if TYPE_CHECKING:
    import torch


class PairJob:
    """Dialogues and their summaries, for the loop.

    Args:
        model: transformers' encoder-decoder, on its device.
        told: The rows of every epoch.
        controls: What pads, and what the decoder starts from.
        round_to: Lengths are rounded up to this.
        label_smoothing: Share of a label's weight that is spread over all tokens.
    """

    def __init__(
        self, model: Any, told: Sequence[Sequence[Pair]], *, controls: Controls, round_to: int, label_smoothing: float = 0.0
    ) -> None:
        self.model, self.told, self.controls = model, told, controls
        self.round_to, self.label_smoothing = round_to, label_smoothing
        self.learned = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
        self.lengths = [[len(pair.source) + len(pair.target) for pair in part] for part in self.told]
        self.packs = packed.can_pack(model)
        if self.packs:
            packed.pack(model)

    def weight(self, epoch: int, indices: Sequence[int]) -> float:
        return sum(len(self.told[epoch][i].target) for i in indices)

    def loss(self, epoch: int, indices: Sequence[int]) -> torch.Tensor:
        rows = [self.told[epoch][i] for i in indices]
        start, pad, smoothing = self.controls.start, self.controls.pad, self.label_smoothing
        if self.packs:
            return packed.loss_of(self.model, rows, start=start, pad=pad, round_to=self.round_to, label_smoothing=smoothing)
        return loss_of(self.model, collate(rows, pad=pad, start=start, round_to=self.round_to), label_smoothing=smoothing)


def loss_of(model: Any, batch: PairBatch, *, label_smoothing: float = 0.0) -> torch.Tensor:
    """Cross-entropy summed over the labels.

    The head, a product with the whole vocabulary, is given the positions that have a label and no padding: (labels, width). A hook sees to
    that, so that each family's own forward pass (BART's bias, T5's scaling) stays as it is.
    """
    import torch

    labels = torch.tensor(batch.labels, device=model.device)
    places = labels != IGNORED
    hook = model.get_output_embeddings().register_forward_pre_hook(lambda _, given: (given[0][places],))
    try:
        logits = model(
            input_ids=torch.tensor(batch.source, device=model.device),
            attention_mask=torch.tensor(batch.mask, device=model.device),
            decoder_input_ids=torch.tensor(batch.given, device=model.device),
            use_cache=False,
        ).logits  # (labels, vocabulary)
    finally:
        hook.remove()
    return torch.nn.functional.cross_entropy(logits.float(), labels[places], reduction="sum", label_smoothing=label_smoothing)
