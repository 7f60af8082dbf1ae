"""Runs the requested picker; the heuristic is the fallback for the language model."""

from dataclasses import replace

import dagster as dg

from clipper_assets.highlights.pickers.base import Picked, Talk
from clipper_assets.highlights.pickers.heuristic import HeuristicPicker
from clipper_assets.highlights.pickers.openai import OpenAIPicker
from clipper_assets.llm.session import ModelUnavailableError
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report
from clipper_assets.setting_types import PickerName
from clipper_assets.text.markdown import clock


class Pickers(dg.ConfigurableResource[None]):
    """Both pickers as one Dagster resource."""

    openai: dg.ResourceDependency[OpenAIPicker]
    heuristic: dg.ResourceDependency[HeuristicPicker]

    def pick(self, name: PickerName, talk: Talk, report: Report) -> Picked:
        """Pick candidates with the named picker.

        `auto` and `openai` use the model and fall back to the heuristic; `degraded` records the fallback. An episode
        in which no sentence is usable gets no candidates.
        """
        if not talk.runs:
            return Picked((), "none", degraded=(Degraded(HIGHLIGHT_WINDOWS, f"no clips were made: {_why(talk)}"),))
        if name is PickerName.heuristic:
            return self.heuristic.pick(talk, report)
        try:
            return self.openai.pick(talk, report)
        except ModelUnavailableError as error:
            fallback = Degraded(HIGHLIGHT_WINDOWS, f"highlights were picked by rules, not by a model: {error}")
            picked = self.heuristic.pick(talk, report)
            return replace(picked, degraded=(fallback, *picked.degraded), usage=error.usage)


def _why(talk: Talk) -> str:
    """Why no sentence is usable."""
    if not talk.sentences:
        return "the episode has no speech"
    if all(sentence.doubtful for sentence in talk.sentences):
        return "all of its words may be recognition errors"
    if not any(talk.rules.admit(sentence) for sentence in talk.sentences):
        start, end = (clock(time) for time in talk.rules.within_s)
        return f"there is no whole sentence between {start} and {end}; choose another range"
    return "all of its speech is in adverts, intros or outros; unmark wrong ones on the review page"
