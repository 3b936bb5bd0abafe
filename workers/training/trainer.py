"""One training: warm-up and cosine, label smoothing, decay that spares norms and biases, averaged weights."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from ..failures import TrialError
from ..requests import ShouldStop
from ..scores import scores_of
from ..tasks.classification import ClassificationOptions
from ..tasks.image_data import Augmentation
from .inputs import Inputs, Samples
from .schedule import AveragedWeights, learning_rate_factor

NORM_MOMENTUM = 0.1  # running statistics of short trainings; modules are built with 0.01, published for long ones


@dataclass(frozen=True)
class EpochResult:
    """What one epoch did; `validation` holds the scores of the averaged weights (`loss`, `accuracy`, ...)."""

    epoch: int
    train_loss: float
    validation: dict[str, float]
    learning_rate: float
    train_seconds: float

    @property
    def metrics(self) -> dict[str, float]:
        """As a report carries them: `val_` before the name of each score."""
        return {f"val_{name}": value for name, value in self.validation.items()} | {
            "train_loss": self.train_loss,
            "learning_rate": self.learning_rate,
            "train_seconds": self.train_seconds,
        }


class Trainer:
    """Trains `module` in place on the device of `inputs`; every draw follows from `seed`.

    `epochs` is the length of the whole training, for which the learning rate is planned. `weights` (classes,) scale
    the loss of each class.

    >>> trainer = Trainer(build(architecture), inputs, options, Augmentation(shift=0.1), epochs=4, seed=0)
    >>> results = list(trainer.run(should_stop))
    >>> trainer.evaluated.state_dict()
    """

    def __init__(
        self,
        module: nn.Module,
        inputs: Inputs,
        options: ClassificationOptions,
        moves: Augmentation,
        *,
        epochs: int,
        seed: int,
        weights: Tensor | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._inputs = inputs
        self._options = options
        self._moves = moves if options.augment else None
        self._device = inputs.train.labels.device
        self._generator = Generator().manual_seed(seed)
        self._weights = weights
        self._clock = clock
        self.module = _prepared(module, options.dropout, self._generator).to(self._device)
        _channels_last(self.module)
        self.evaluated = copy.deepcopy(self.module).requires_grad_(requires_grad=False)
        self._average = AveragedWeights(self.module, options.ema_decay)
        self._optimiser = optimiser_of(self.module, options)
        self._batch = min(options.batch_size, len(inputs.train))
        self.steps = epochs * (len(inputs.train) // self._batch)
        self._epochs = epochs
        self._epoch = 0
        self._step = 0

    def run(self, should_stop: ShouldStop, until: int | None = None) -> Iterator[EpochResult]:
        """One result an epoch, up to epoch `until` where it is given; ends early when told to stop.

        Raises TrialError (`nan`) where the loss is not finite.
        """
        for epoch in range(self._epoch + 1, (until or self._epochs) + 1):
            start = self._clock()
            loss = self._train_epoch(should_stop)
            if loss is None:
                return
            if not torch.isfinite(torch.tensor(loss)):
                raise TrialError("nan", f"the training loss became {loss} in epoch {epoch}; lower task.learning_rate")
            seconds = self._clock() - start
            self.evaluated.load_state_dict(self._average.state(), strict=False)
            validation = evaluate(self.evaluated, self._inputs.validation)
            self._epoch = epoch
            yield EpochResult(epoch, loss, validation, self._rate(), seconds)

    def checkpoint(self) -> dict[str, Tensor]:
        """Everything that decides how the training goes on: a trainer that loads it ends bit by bit as this one."""
        counters = torch.tensor([self._epoch, self._step, self._average.step])
        return {
            **_under("module", self.module.state_dict()),
            **_under("average", self._average.state()),
            **_under("optimiser", moments_of(self._optimiser)),
            "generator": self._generator.get_state(),
            "counters": counters,
        }

    def load(self, checkpoint: Mapping[str, Tensor]) -> None:
        """Go on from where a trainer made for the same training stood."""
        self._epoch, self._step, averaged = map(int, checkpoint["counters"])
        self._generator.set_state(checkpoint["generator"])
        self.module.load_state_dict(_of("module", checkpoint))
        self._average.load(_of("average", checkpoint), averaged)
        load_moments(self._optimiser, _of("optimiser", checkpoint))

    def _train_epoch(self, should_stop: ShouldStop) -> float | None:
        """The mean training loss of one pass over the data, or None when told to stop."""
        self.module.train()
        total = torch.zeros((), device=self._device)
        order = torch.randperm(len(self._inputs.train), generator=self._generator).to(self._device)
        batches = order[: len(order) // self._batch * self._batch].view(-1, self._batch)
        for chosen in batches:
            if should_stop():
                return None
            samples = self._inputs.train.drawn(chosen, self._moves, self._generator)
            total += self._train_step(samples, self._inputs.train.labels[chosen])
        return total.item() / len(batches)

    def _train_step(self, samples: Tensor, labels: Tensor) -> Tensor:
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            smoothing = self._options.label_smoothing
            loss = functional.cross_entropy(self.module(samples), labels, self._weights, label_smoothing=smoothing)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self._average.update()
        self._step += 1
        return loss.detach()

    def _rate(self) -> float:
        return self._options.learning_rate * learning_rate_factor(self._step, self.steps, self._options.warmup)


def evaluate(module: nn.Module, data: Samples) -> dict[str, float]:
    """The scores of `module` in eval mode."""
    return scores_of(logits_of(module, data).numpy(), data.labels.cpu().numpy())


@torch.inference_mode()
def logits_of(module: nn.Module, data: Samples) -> Tensor:
    """What `module` answers in eval mode: (n, classes) on the CPU."""
    module.eval()
    return torch.cat([module(batch).float().cpu() for batch in data.batches()])


def class_weights(labels: Tensor, classes: int) -> Tensor:
    """Images / (classes * images of the class), for each class: in the loss all classes then weigh the same."""
    counts = torch.bincount(labels, minlength=classes).clamp(min=1)
    return len(labels) / (classes * counts.float())


def optimiser_of(module: nn.Module, options: ClassificationOptions) -> torch.optim.Optimizer:
    """AdamW whose decay spares what has one dimension: norms and biases."""
    decayed = [p for p in module.parameters() if p.ndim > 1]
    spared = [p for p in module.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": options.weight_decay}, {"params": spared, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=options.learning_rate, fused=True)


def moments_of(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimiser remembers, as `<parameter>.<name>`; parameters count through all groups."""
    return {
        f"{place}.{name}": value
        for place, parameter in enumerate(_parameters(optimiser))
        for name, value in optimiser.state[parameter].items()
    }


def load_moments(optimiser: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
    """The inverse of `moments_of`; the moments lie in memory as their parameters do."""
    parameters = _parameters(optimiser)
    for key, value in moments.items():
        place, name = key.split(".")
        parameter = parameters[int(place)]
        own = torch.empty_like(parameter) if value.shape == parameter.shape else torch.empty_like(value)
        optimiser.state[parameter][name] = own.detach().copy_(value)


def _parameters(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]


def _under(part: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{part}/{name}": value for name, value in state.items()}


def _of(part: str, checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(f"{part}/"): value for name, value in checkpoint.items() if name.startswith(f"{part}/")}


def _channels_last(module: nn.Module) -> None:
    """In place: weights of 2-D convolutions stand as they are fastest; others, such as 3-D ones, stay as they are."""
    for parameter in module.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


class SeededDropout(nn.Module):
    """Dropout that draws from a generator of its own, not from torch's global one."""

    def __init__(self, share: float, generator: Generator) -> None:
        super().__init__()
        self.share = share
        self._generator = generator

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.share == 0:
            return x
        kept = torch.rand(x.shape, generator=self._generator).to(x.device) >= self.share
        return x * kept / (1 - self.share)

    def __deepcopy__(self, memo: dict[int, object]) -> SeededDropout:
        return SeededDropout(self.share, self._generator)


def _prepared(module: nn.Module, dropout: float, generator: Generator) -> nn.Module:
    """The module with what the recipe decides: momentum of the norms, and dropout that follows from the seed."""
    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.Dropout):
                setattr(parent, name, SeededDropout(dropout, generator))
            elif isinstance(child, nn.BatchNorm2d):
                child.momentum = NORM_MOMENTUM
    return module
