"""The edits of an episode as a look of its clips has them."""

from clipper_assets.edits.model import Decision, EditedClip, Edits, StoredDecision


def edits_in_look(edits: Edits, look: str) -> Edits:
    """The same edits with the decisions about the clips of this look, and without caption styles, which it names."""
    clips = [
        clip.model_copy(update={"caption_style": None, "judged": decision_in_look(clip, look)}) for clip in edits.clips
    ]
    return edits.model_copy(update={"clips": clips})


def decision_in_look(clip: EditedClip, look: str) -> StoredDecision | None:
    """What a person decided about the clip of a look: about its own file, or that the moment is rejected in all."""
    rejects = clip.judged is not None and clip.judged.decision is Decision.rejected
    return clip.judged if rejects else clip.judged_looks.get(look)
