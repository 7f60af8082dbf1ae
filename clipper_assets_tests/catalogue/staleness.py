"""Episodes whose results are made by stand-ins with the real keys, dependencies, code versions and provenance."""

from collections.abc import Collection
from dataclasses import dataclass, field

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from clipper_assets.catalogue.inputs import INPUTS, Inputs
from clipper_assets.catalogue.observing import build_observe_inputs, observing
from clipper_assets.definitions import defs
from clipper_assets.edits.store import latest_edits, save_edits
from clipper_assets.episodes.partitions import episodes
from clipper_assets.job import assets
from clipper_assets.runtime.lineage import reads
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage

RESULTS = [asset.key.to_user_string() for asset in assets]
GRAPH = defs.resolve_asset_graph()


@dataclass
class Catalogue:
    """Episodes in a storage, and Dagster's instance that knows their results."""

    storage: DirectoryStorage
    instance: dg.DagsterInstance
    settings: Settings
    cursor: str | None = None
    """Of the sensor `observe_inputs`."""
    code_versions: dict[str, str] = field(default_factory=dict)
    """Those of an earlier release, by asset."""
    uploads: dict[str, str] = field(default_factory=dict)
    """Versions of replaced uploads."""

    def materialize(self, *keys: str, only: Collection[str] = RESULTS) -> None:
        """Materialize assets of episodes, all by default, with the versions that their inputs have now."""
        self.instance.add_dynamic_partitions("episodes", list(keys))
        made = [self._stand_in(asset) for asset in assets]
        for key in keys:
            dg.materialize(
                [*INPUTS, *made],
                selection=dg.AssetSelection.assets(*only),
                partition_key=key,
                instance=self.instance,
                resources={"storage": self.storage, "settings": self.settings},
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )

    def edit(self, key: str, **changes: object) -> None:
        edits = latest_edits(self.storage, key)
        version = edits.followed_by("changed", **changes) if changes else edits.discarded()
        assert save_edits(self.storage, self.instance, key, version)

    def write(self, key: str, content: str | None) -> None:
        """Replace or delete (None) an object, as the discovery sees it."""
        if content is None:
            self.storage.delete(key)
        else:
            self.storage.put_bytes(key, content.encode())
        self._report(observing(self.settings)(self.instance, self.storage, [key]))

    def sweep(self) -> dg.SensorResult:
        """A tick of the sensor `observe_inputs`."""
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"storage": self.storage}
        ) as context:
            result = build_observe_inputs(self.settings)(context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        self._report(result.asset_events)
        return result

    def stale(self, key: str, among: Collection[str] = RESULTS) -> set[str]:
        """The assets of an episode, by default all, that Dagster takes as stale; they must be materialized."""
        resolver = CachingStaleStatusResolver(self.instance, GRAPH, LoadingContextForTest(self.instance))
        status = {name: resolver.get_status(dg.AssetKey(name), key).value for name in among}
        assert "MISSING" not in status.values()
        return {name for name, value in status.items() if value == "STALE"}

    def _report(self, events: Collection[object]) -> None:
        for event in events:
            assert isinstance(event, dg.AssetObservation)
            self.instance.report_runless_asset_event(event)

    def _stand_in(self, asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
        (spec,) = asset.specs
        name = spec.key.to_user_string()

        @dg.asset(
            name=name,
            partitions_def=episodes,
            deps=[dep.asset_key for dep in spec.deps],
            code_version=self.code_versions.get(name, spec.code_version),
        )
        def stand_in(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
            read = Inputs(self.storage, self.settings).all_of(context.partition_key)
            own = {dep.asset_key: read[dep.asset_key] for dep in spec.deps if dep.asset_key in read}
            made = f"made of {self.uploads.get(context.partition_key)} {own}"
            return dg.MaterializeResult(data_version=dg.DataVersion(made), tags=reads(context, own))

        return stand_in
