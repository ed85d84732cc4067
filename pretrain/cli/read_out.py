"""``mspretrain read-out``: statistics for the read-out ``scaled`` of weights that are there."""

from __future__ import annotations

from pathlib import Path

import click

from msssl_common.messages import explain_error, one_printable_line, say


@click.command("read-out", short_help="Fit the read-out scaled of WEIGHTS.")
@click.argument("weights", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of audio without labels, or of shards: what the weights were trained on.",
)
@click.option(
    "--scale",
    "scales",
    multiple=True,
    metavar="BLOCK=NUMBER",
    help="Standard deviation of a block of numbers: trunk, branch, log_mel or contrast. May be "
    "given several times.  [default: 1, the encoder's pitch_scale, 0.3 and 0.3]",
)
@click.option(
    "--default",
    "as_default",
    is_flag=True,
    help="Make it the read-out that the weights begin with.",
)
def read_out(weights: Path, data: Path, scales: tuple[str, ...], as_default: bool) -> None:
    """Fit the read-out scaled of WEIGHTS, and store it in that file.

    The numbers of the read-out are standardised with the statistics of up to 700 clips. mspretrain
    run does so by itself; this is for weights of earlier versions, and for other scales.

    Example: mspretrain read-out runs/multi/weights.safetensors --data my-audio

    Then name it behind the weights: msssl_hear=runs/multi/weights.safetensors:scaled
    """
    from msssl_hear.checkpoint import load_checkpoint, store_statistics
    from pretrain.data.open import read_data
    from pretrain.read_out import fit_statistics, scales_of

    try:
        log_mel, encoder, card = load_checkpoint(weights)
        wanted = scales_of(scales, encoder.config)
        corpus = read_data(data, log_mel.config.sample_rate)
        seed = card.get("seed")
        seed = seed if isinstance(seed, int) and seed >= 0 else 0
        statistics = fit_statistics(log_mel, encoder, corpus, seed, wanted)
        store_statistics(weights, statistics, "scaled" if as_default else None)
    except (ValueError, OSError, MemoryError) as error:
        raise click.ClickException(explain_error(error)) from None
    say(f"{one_printable_line(weights)}: read-out scaled, {len(statistics.scene_mean)} numbers")
