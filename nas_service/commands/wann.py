"""`nas wann`: pictures of weight agnostic networks, and their files turned into each other."""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from search_spaces import SpaceError
from search_spaces.wann.expression import express
from search_spaces.wann.genome import Genome
from search_spaces.wann.genotype import from_json, to_json
from search_spaces.wann.out_file import read_out, write_out
from search_spaces.wann.picture import picture as draw

from .terminal import DEFAULT_URL, Server, UserError, connected

app = typer.Typer(help="Weight agnostic networks: pictures and files.", no_args_is_help=True)

OUT, JSON = ".out", ".json"

Wanted = Annotated[
    str, typer.Argument(metavar="NETWORK", help="a file (.out or a genotype's .json) or a candidate's id")
]
Given = Annotated[Path, typer.Argument(metavar="FROM", help="a published network (.out) or a genotype (.json)")]
Made = Annotated[Path, typer.Argument(metavar="TO", help="the file to write, of the other kind")]
Svg = Annotated[Path, typer.Option("--output", "-o", metavar="FILE.svg", help="where the picture goes")]
Inputs = Annotated[int | None, typer.Option(min=1, help="of an .out file; by default read off its connections")]
Outputs = Annotated[int | None, typer.Option(min=1, help="of an .out file; by default read off its connections")]
PublishedDisabled = Annotated[
    bool,
    typer.Option("--published-disabled", help="disabled connections between hidden nodes are active, as published"),
]
Title = Annotated[str | None, typer.Option(help="of the picture; by default the file's name")]
Weights = Annotated[
    Path | None,
    typer.Option(metavar="FILE.json", help="a list of weights, one a connection as the network orders them"),
]


@app.command()
def picture(
    network: Wanted,
    output: Svg,
    title: Title = None,
    weights: Weights = None,
    inputs: Inputs = None,
    outputs: Outputs = None,
    published_disabled: PublishedDisabled = False,
    server: Server = DEFAULT_URL,
) -> None:
    """Draw a network as SVG: layers, activations by colour, connections."""
    path = Path(network)
    if path.suffix in (OUT, JSON):
        found = express(read(path, inputs, outputs), published_disabled).network
        try:
            svg = draw(found, _numbers(weights) if weights else None, path.stem if title is None else title)
        except ValueError as error:
            raise UserError(f"--weights {weights}: {error}") from None
    elif weights is not None or title is not None or published_disabled:
        raise UserError("--weights, --title and --published-disabled go with a file; the service draws a candidate")
    else:
        with connected(server) as client:
            svg = client.picture(network)
    write(output, svg)
    typer.echo(output)


@app.command()
def convert(
    given: Given,
    made: Made,
    inputs: Inputs = None,
    outputs: Outputs = None,
    published_disabled: PublishedDisabled = False,
) -> None:
    """Turn a published network (.out) into a genotype (.json), or a genotype into a published network."""
    if {given.suffix, made.suffix} != {OUT, JSON}:
        raise UserError(f"{given} and {made}: one of them has to end in {OUT}, the other in {JSON}")
    genome = read(given, inputs, outputs)
    as_json = made.suffix == JSON
    write(made, json.dumps(to_json(genome), indent=1) + "\n" if as_json else write_out(genome, published_disabled))
    typer.echo(f"{made}: {_described(genome, express(genome, published_disabled).network.params)}")


def _described(genome: Genome, active: int) -> str:
    return (
        f"{genome.inputs} inputs, {len(genome.hidden)} hidden nodes, {genome.outputs} outputs, "
        f"{active} connections and {len(genome.sources) - active} disabled ones"
    )


def read(path: Path, inputs: int | None, outputs: int | None) -> Genome:
    """The genome in a file, its order checked. Raises UserError for a file that holds none."""
    text = _text(path)
    try:
        genome = read_out(text, inputs, outputs) if path.suffix == OUT else from_json(_object(path, text))
        express(genome)
    except SpaceError as error:
        raise UserError(f"{path}: {error}") from None
    return genome


def _object(path: Path, text: str) -> dict[str, object]:
    found = _parsed(path, text)
    if not isinstance(found, dict):
        raise UserError(f"{path} holds no JSON object; a genotype is one")
    return found


def _numbers(path: Path) -> list[float]:
    found = _parsed(path, _text(path))
    if not isinstance(found, list) or not all(map(_is_weight, found)):
        raise UserError(f"{path} holds no JSON list of numbers")
    return found


def _is_weight(value: object) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False


def _parsed(path: Path, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"{path} is no JSON: {error}") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is no text in UTF-8") from None


def write(path: Path, text: str) -> None:
    """Raises UserError where the file cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None
