"""Losses on preferences, by name: functions of how much likelier each answer is than under the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch.nn.functional import logsigmoid


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceScores:
    """Summed log-probabilities of the answers of a batch of preferences, each (pairs,), f32.

    Attributes:
        chosen: Of the preferred answers under the model that is trained.
        rejected: Of the other answers.
        reference_chosen: Of the preferred answers under the model that training started from.
        reference_rejected: Of the other answers.
        chosen_tokens: Number of tokens of each preferred answer.
        rejected_tokens: Number of tokens of each other answer.
    """

    chosen: torch.Tensor
    rejected: torch.Tensor
    reference_chosen: torch.Tensor
    reference_rejected: torch.Tensor
    chosen_tokens: torch.Tensor
    rejected_tokens: torch.Tensor

    @property
    def chosen_gain(self) -> torch.Tensor:
        """Log of how many times likelier the preferred answers became."""
        return self.chosen - self.reference_chosen

    @property
    def rejected_gain(self) -> torch.Tensor:
        """Log of how many times likelier the other answers became."""
        return self.rejected - self.reference_rejected

    @property
    def margin(self) -> torch.Tensor:
        """Gain of the preferred answer over the other."""
        return self.chosen_gain - self.rejected_gain

    @property
    def margin_per_token(self) -> torch.Tensor:
        """The same with each gain divided by the length of its answer."""
        return self.chosen_gain / self.chosen_tokens - self.rejected_gain / self.rejected_tokens


PreferenceLoss = Callable[[PreferenceScores, float], torch.Tensor]


def _sigmoid(scores: PreferenceScores, beta: float) -> torch.Tensor:
    """DPO, Rafailov et al. 2023, https://arxiv.org/abs/2305.18290, equation 7."""
    return -logsigmoid(beta * scores.margin)


def _sigmoid_norm(scores: PreferenceScores, beta: float) -> torch.Tensor:
    """DPO on gains per token."""
    return -logsigmoid(beta * scores.margin_per_token)


def _hinge(scores: PreferenceScores, beta: float) -> torch.Tensor:
    """SLiC's hinge on DPO's margin, Zhao et al. 2023, https://arxiv.org/abs/2305.10425."""
    return torch.relu(1 - beta * scores.margin)


def _ipo(scores: PreferenceScores, beta: float) -> torch.Tensor:
    """IPO, Azar et al. 2023, https://arxiv.org/abs/2310.12036, equation 17, on gains per token."""
    return (scores.margin_per_token - 1 / (2 * beta)) ** 2


def _nca_pair(scores: PreferenceScores, beta: float) -> torch.Tensor:
    """NCA for pairs, Chen et al. 2024, https://arxiv.org/abs/2402.05369."""
    chosen, rejected = beta * scores.chosen_gain, beta * scores.rejected_gain
    return -logsigmoid(chosen) - 0.5 * logsigmoid(-chosen) - 0.5 * logsigmoid(-rejected)


def _bco_pair(scores: PreferenceScores, beta: float) -> torch.Tensor:
    """BCO for pairs, Jung et al. 2024, https://arxiv.org/abs/2404.04656, without its running shift."""
    return -logsigmoid(beta * scores.chosen_gain) - logsigmoid(-beta * scores.rejected_gain)


def _sppo_hard(scores: PreferenceScores, beta: float) -> torch.Tensor:
    """SPPO with certain preferences, Wu et al. 2024, https://arxiv.org/abs/2405.00675, equation 4.7."""
    return (scores.chosen_gain - 0.5 / beta) ** 2 + (scores.rejected_gain + 0.5 / beta) ** 2


def _apo_zero(scores: PreferenceScores, beta: float) -> torch.Tensor:
    """APO-zero, D'Oosterlinck et al. 2024, https://arxiv.org/abs/2408.06266, equation 7."""
    return 1 - torch.sigmoid(beta * scores.chosen_gain) + torch.sigmoid(beta * scores.rejected_gain)


def _apo_down(scores: PreferenceScores, beta: float) -> torch.Tensor:
    """APO-down, the same paper, equation 8."""
    return torch.sigmoid(beta * scores.chosen_gain) + 1 - torch.sigmoid(beta * scores.margin)


def _sft(scores: PreferenceScores, beta: float) -> torch.Tensor:  # noqa: ARG001  # every loss has the same signature
    """Cross-entropy of the preferred answers, mean over the tokens of the batch."""
    return (-scores.chosen.sum() / scores.chosen_tokens.sum()).expand(len(scores.chosen))


PREFERENCE_LOSSES: Mapping[str, PreferenceLoss] = {
    "sigmoid": _sigmoid,
    "sigmoid_norm": _sigmoid_norm,
    "hinge": _hinge,
    "ipo": _ipo,
    "nca_pair": _nca_pair,
    "bco_pair": _bco_pair,
    "sppo_hard": _sppo_hard,
    "apo_zero": _apo_zero,
    "apo_down": _apo_down,
    "sft": _sft,
}
