"""Streams for the blocking client: learning from somebody else's experience."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from farstep import _calls
from farstep._streams import StreamState, Tracker
from farstep.errors import FarstepError, ReplyTimeout

if TYPE_CHECKING:
    from farstep._connection import Connection
    from farstep.client import Client
    from farstep.results import ResetSample, StepSample, Transitions


class Stream(Iterator["StepSample | ResetSample"]):
    """What happens to somebody else's vector env, sample by sample, until it is closed.

    Who is slower than the stepper loses samples, which `lost` counts. A lost connection costs samples, no more.
    """

    def __init__(self, client: Client, connection: Connection, state: StreamState, patience: float) -> None:
        self.client = client
        self.contract = state.contract
        self._connection = connection
        self._state = state
        self._patience = patience

    @property
    def lost(self) -> int:
        """How many samples did not come so far."""
        return self._state.lost

    def __next__(self) -> StepSample | ResetSample:
        sample = None
        try:
            while (sample := self._state.take()) is None:
                if self._state.over:
                    raise StopIteration
                if self._state.resumed():
                    self._credit(self._state.lacking(self._credit(0)))
                elif not self._connection.attend(self._state.has_news, self._patience):
                    raise ReplyTimeout("connection_lost", f"no sample within {self._patience:g} s")
            if due := self._state.credit_due():
                self._credit(due)
        except FarstepError as refusal:
            if refusal.code != "no_such_stream":
                raise
            # It was over before; what is said of it has come, or will not.
            self._state.leave()
            return next(self) if sample is None else sample
        return sample

    def transitions(self) -> Iterator[Transitions]:
        """Yield what a learner wants of the samples: from where, by what action, to where."""
        tracker = Tracker(self.contract)
        for sample in self:
            if (transitions := tracker.add(sample)) is not None:
                yield transitions

    def close(self) -> None:
        """End the subscription."""
        if self._state.leave():
            self._connection.run(_calls.unsubscribe(self._state.number))

    def _credit(self, credits: int) -> int:
        return self._connection.run(_calls.credit(self._state.number, credits))
