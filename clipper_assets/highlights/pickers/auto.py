"""The picker that a run asks for, with the heuristic behind the language model."""

from dataclasses import replace

import dagster as dg

from clipper_assets.highlights.pickers.base import Picked, PickerUnavailableError, Talk
from clipper_assets.highlights.pickers.heuristic import HeuristicPicker
from clipper_assets.highlights.pickers.openai import OpenAIPicker
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report
from clipper_assets.settings import PickerName


class Pickers(dg.ConfigurableResource[None]):
    """Both pickers; what they share is in `windows.py`."""

    openai: dg.ResourceDependency[OpenAIPicker]
    heuristic: dg.ResourceDependency[HeuristicPicker]

    def pick(self, name: PickerName, talk: Talk, report: Report) -> Picked:
        """`auto` and `openai` ask the model and fall back to the heuristic, which `degraded` then says.

        Where nobody speaks, or nobody for certain, no picker is asked.
        """
        if not talk.runs:
            doubt = " for certain: every word may be the recogniser's own" if talk.sentences else ""
            silence = Degraded(HIGHLIGHT_WINDOWS, f"nobody speaks in this episode{doubt}, so there is nothing to clip")
            return Picked((), "none", degraded=(silence,))
        if name is PickerName.heuristic:
            return self.heuristic.pick(talk, report)
        try:
            return self.openai.pick(talk, report)
        except PickerUnavailableError as error:
            fallback = Degraded(HIGHLIGHT_WINDOWS, f"heuristic picker instead of the model: {error}")
            picked = self.heuristic.pick(talk, report)
            return replace(picked, degraded=(fallback, *picked.degraded), usage=error.usage)
