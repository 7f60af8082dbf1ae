"""Runs the sensor `new_uploads` as Dagster does."""

import dagster as dg

from clipper_assets.episodes.sensors import build_new_uploads
from clipper_assets.job import clip_episode
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.sensors import observe_nothing


class Ticks:
    """Runs the sensor on one storage and instance; each tick gets the cursor of the previous one."""

    def __init__(self, storage: Storage, instance: dg.DagsterInstance):
        self.storage, self.instance = storage, instance
        self.cursor: str | None = None
        self.sensor = build_new_uploads(clip_episode, 15, observe_nothing)

    def tick(self) -> list[str]:
        """Run one tick, add the partitions that it requests and return the run keys that it requests."""
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"storage": self.storage}
        ) as context:
            result = self.sensor(context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        for request in result.dynamic_partitions_requests or []:
            assert isinstance(request, dg.AddDynamicPartitionsRequest)
            self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        partitions = [request.partition_key for request in result.run_requests or []]
        assert set(partitions) <= set(self.instance.get_dynamic_partitions("episodes"))
        assert bool(partitions) != bool(result.skip_reason)
        return [str(request.run_key) for request in result.run_requests or []]

    def run_until_settled(self) -> list[str]:
        """Run as many ticks as an unchanged upload needs: one for S3, two for a directory."""
        first = self.tick()
        if not isinstance(self.storage, DirectoryStorage):
            return first
        assert first == []
        return self.tick()

    def run_key(self, key: str) -> str:
        stored = self.storage.stat(key)
        assert stored
        return f"{key}@{stored.version}"
