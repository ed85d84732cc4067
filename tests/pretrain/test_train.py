import copy
import csv
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from msssl_hear.checkpoint import load_checkpoint
from pretrain.data.corpus import Corpus
from pretrain.loop import Progress
from pretrain.recipe import DataArgs, LossArgs, Recipe
from pretrain.run_folder import METRICS, STATE
from pretrain.train import train
from pretrain.training import Training
from pretrain.views.views import make_views

pytestmark = pytest.mark.usefixtures("few_statistics")


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / STATE, weights_only=True)["module"]


@pytest.mark.parametrize("similarity", ["cosine", "bilinear"])
def test_three_steps_and_three_resumed_equal_six(
    tiny_corpus: Corpus,
    tiny_recipe: Recipe,
    tmp_path: Path,
    similarity: str,
) -> None:
    recipe = replace(
        tiny_recipe,
        loss=LossArgs(similarity=similarity),  # type: ignore[arg-type]
        run=replace(tiny_recipe.run, checkpoint_minutes=1e-9),
    )
    train(recipe, tiny_corpus, tmp_path / "whole", "cpu", resume=False)
    with pytest.MonkeyPatch.context() as patch:
        do_step = Training.do_step

        def dying_step(self: Training, step: int):
            if step == 3:
                raise KeyboardInterrupt
            return do_step(self, step)

        patch.setattr(Training, "do_step", dying_step)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tiny_corpus, tmp_path / "parts", "cpu", resume=False)
    train(recipe, tiny_corpus, tmp_path / "parts", "cpu", resume=True)

    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    assert ("clip_similarity.weight" in whole) == (similarity == "bilinear")
    rows = [
        [row[:1] + row[3:] for row in csv.reader((tmp_path / name / METRICS).open())]
        for name in ("whole", "parts")
    ]
    assert rows[0] == rows[1] and [row[0] for row in rows[0][1:]] == list("123456")


def test_contrast_and_all_that_is_mixed_in_resume_alike(
    tiny_corpus: Corpus, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    recipe = replace(
        tiny_recipe,
        data=DataArgs(mixture_probability=0.5, background_probability=0.5),
        loss=LossArgs(pitch_form="contrast", frame_negatives="batch"),
        run=replace(tiny_recipe.run, steps=3),
    )
    whole = Training(recipe, tiny_corpus, "cpu")
    whole.fit_statistics()
    first = whole.do_step(0)
    assert all(value.isfinite() for value in first) and float(first.pitch_loss) > 0
    state = copy.deepcopy(whole.state())
    second = whole.do_step(1)
    resumed = Training(recipe, tiny_corpus, "cpu")
    resumed.restore(state)
    assert all(torch.equal(*pair) for pair in zip(second, resumed.do_step(1), strict=True))
    path = tmp_path / "weights.safetensors"
    resumed.export(path, Progress(step=2))
    _, _, card = load_checkpoint(path)
    assert card["settings"]["data"]["mixture_probability"] == 0.5


def test_exported_weights_load_and_their_card_tells_the_run(
    tiny_corpus: Corpus, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    path = train(tiny_recipe, tiny_corpus, tmp_path, "cpu", resume=False)
    log_mel, encoder, card = load_checkpoint(path)
    assert float(log_mel.mean.abs().max()) > 0
    trained = weights(tmp_path)
    for name, value in encoder.state_dict().items():
        torch.testing.assert_close(value, trained[f"encoder.{name}"], atol=1e-3, rtol=1e-3)
    assert card["recipe"] == "tiny" and card["steps"] == 6 and card["crops"] == 6 * 4 * 3
    assert card["data"]["clips"] == 8 and card["data"]["sources"] == {"noise": 8}
    assert card["metrics"]["step"] == 6 and card["seed"] == 0
    before = path.read_bytes()
    train(tiny_recipe, tiny_corpus, tmp_path, "cpu", resume=True)  # a finished run exports again
    assert path.read_bytes() == before


def test_cola_and_multi_draw_the_same_weights_and_clips(
    tiny_corpus: Corpus, tiny_recipe: Recipe
) -> None:
    cola = replace(tiny_recipe, loss=LossArgs(frame_weight=0, pitch_weight=0))
    trainings = [Training(r, tiny_corpus, "cpu") for r in (tiny_recipe, cola)]
    first, second = (t.module.state_dict() for t in trainings)
    assert all(torch.equal(first[key], second[key]) for key in first)
    clips = [t.sampler.draw(3).clips for t in trainings]
    assert torch.equal(*clips)
    for training in trainings:
        training.fit_statistics()
    multi_metrics, cola_metrics = (t.do_step(0) for t in trainings)
    torch.testing.assert_close(multi_metrics.clip_loss, cola_metrics.clip_loss)
    assert float(cola_metrics.loss) == float(cola_metrics.clip_loss)
    assert float(cola_metrics.frame_loss) == float(cola_metrics.pitch_loss) == 0.0


def test_padding_of_a_short_clip_does_not_reach_the_loss(
    tiny_corpus: Corpus, tiny_recipe: Recipe
) -> None:
    training = Training(tiny_recipe, tiny_corpus, "cpu")
    training.fit_statistics()
    batch = training.sampler.draw(0)
    assert int(batch.lengths.min()) < batch.anchor.shape[1]
    views = make_views(
        training.log_mel, batch, tiny_recipe.augment, True, torch.Generator().manual_seed(0)
    )
    padding = torch.arange(views.log_mel.shape[2]) >= views.lengths[:, None]
    other = views._replace(log_mel=views.log_mel.masked_fill(padding[None, :, :, None], 9.0))
    training.module.eval()
    torch.testing.assert_close(training.module(views), training.module(other))


def test_a_nan_loss_stops_with_a_sentence(tiny_corpus: Corpus, tiny_recipe: Recipe) -> None:
    training = Training(tiny_recipe, tiny_corpus, "cpu")
    training.fit_statistics()
    with torch.no_grad():
        training.module.clip_head.linear.weight.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="the loss is nan at step 1"):
        training.do_step(0)


def test_a_run_is_not_overwritten_nor_resumed_with_other_settings(
    tiny_corpus: Corpus, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    recipe = replace(tiny_recipe, run=replace(tiny_recipe.run, steps=1))
    train(recipe, tiny_corpus, tmp_path, "cpu", resume=False)
    with pytest.raises(ValueError, match="holds a run already; give --resume"):
        train(recipe, tiny_corpus, tmp_path, "cpu", resume=False)
    with pytest.raises(ValueError, match=r"started with run\.steps 1, not 6"):
        train(tiny_recipe, tiny_corpus, tmp_path, "cpu", resume=True)
    other = replace(tiny_corpus, names=("x.wav", *tiny_corpus.names[1:]))
    with pytest.raises(ValueError, match=r"started with corpus\.sha256"):
        train(recipe, other, tmp_path, "cpu", resume=True)
    (tmp_path / STATE).write_bytes(b"not a state")
    with pytest.raises(ValueError, match="not a training state"):
        train(recipe, tiny_corpus, tmp_path, "cpu", resume=True)


def test_a_few_steps_lower_the_loss(
    tiny_corpus: Corpus, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    recipe = replace(tiny_recipe, run=replace(tiny_recipe.run, steps=40))
    train(recipe, tiny_corpus, tmp_path, "cpu", resume=False)
    rows = list(csv.DictReader((tmp_path / METRICS).open()))
    losses = [float(row["loss"]) for row in rows]
    assert sum(losses[-5:]) < sum(losses[:5])


def test_the_line_for_people_leaves_out_what_is_off(
    tiny_corpus: Corpus, tiny_recipe: Recipe
) -> None:
    means = dict.fromkeys(Training.metric_names, 0.0) | {"clip_loss": 1.5}
    training = Training(tiny_recipe, tiny_corpus, "cpu")
    assert training.describe(means) == ["loss 0.000", "clip 1.500 (right 0%)"]
    parts = training.describe(means | {"frame_loss": 2.0, "pitch_loss": 3.0})
    assert parts[2:] == ["frame 2.000 (right 0%)", "pitch 3.000 (score 0.00)"]


def test_a_batch_that_does_not_fit_is_explained(
    tiny_corpus: Corpus, tiny_recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tiny_recipe, tiny_corpus, "cpu")
    training.fit_statistics()
    monkeypatch.setattr(training, "differentiate", lambda views: torch.empty(1 << 50))
    with pytest.raises(MemoryError, match=r"for 4 clips at once in step 3 .*--chunk 2"):
        training.do_step(2)


def test_a_compiled_encoder_trains_the_same(
    tiny_corpus: Corpus, tiny_recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_module, compiled = nn.Module.compile, []

    def without_code(module: nn.Module) -> None:  # the graph alone: to make code takes minutes
        compiled.append(module)
        compile_module(module, backend="eager")

    monkeypatch.setattr(nn.Module, "compile", without_code)
    plain, other = (Training(tiny_recipe, tiny_corpus, "cpu", compiled=c) for c in (False, True))
    assert compiled == [other.module.encoder]
    for training in (plain, other):
        training.fit_statistics()
    for first, second in zip(plain.do_step(0), other.do_step(0), strict=True):
        torch.testing.assert_close(first, second, rtol=1e-4, atol=1e-5)
    states = plain.module.state_dict(), other.module.state_dict()
    assert states[0].keys() == states[1].keys()
    torch.testing.assert_close(*states, rtol=1e-3, atol=1e-4)
