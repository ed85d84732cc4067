"""What `benchmark.runner.tracking` uses of Weights & Biases' client, kept in memory."""

from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType


@dataclass
class FakeArtifact:
    name: str
    type: str
    files: list[str] = field(default_factory=list)

    def add_file(self, path: str) -> None:
        assert Path(path).is_file()
        self.files.append(Path(path).name)


@dataclass
class FakeRun:
    asked: dict
    metrics: dict = field(default_factory=dict)
    artifacts: list = field(default_factory=list)
    finished: bool = False

    @property
    def id(self) -> str:
        return self.asked.get("id", "drawn")

    def log(self, metrics: dict) -> None:
        assert not self.finished
        self.metrics |= metrics

    def log_artifact(self, artifact: FakeArtifact) -> None:
        assert not self.finished
        self.artifacts.append(artifact)

    def finish(self) -> None:
        folder = Path("wandb") / f"offline-run-20260101_000000-{self.id}"
        folder.mkdir(parents=True, exist_ok=True)
        self.finished = True


class FakeWandb(ModuleType):
    def __init__(self) -> None:
        super().__init__("wandb")
        self.runs: list[FakeRun] = []
        self.broken = False

    Artifact = FakeArtifact

    def init(self, **asked: object) -> FakeRun:
        if self.broken:
            raise RuntimeError("no\nserver")
        self.runs.append(FakeRun(asked))
        return self.runs[-1]
