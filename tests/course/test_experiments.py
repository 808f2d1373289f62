"""Experiments are paired, resumable and repeatable, and their intervals mean what they say."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import pooling
from pooling import layers
from pooling_course import experiments
from pooling_course.experiments import operators, overlap, pools, pyramid, runs, shift, training
from pooling_course.experiments.__main__ import main

FEW = {"train_images": 64, "test_images": 20, "shift_images": 10, "epochs": 1}
TINY = {
    "operators": FEW,
    "overlap": FEW,
    "pyramid": {"train_per_photo": 5, "test_per_photo": 2, "epochs": 1, "test_sizes": [16, 20]},
    "shift": FEW,
}
BEFORE, AFTER = ((0, 0), (0, 0), (1, 0), (1, 0)), ((0, 0), (0, 0), (0, 1), (0, 1))
SEEDS = {"operators": 20, "overlap": 20, "pyramid": 12, "shift": 12}


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """Sweep two seeds with a stand-in for the training; return the runs made, in order."""

    def go() -> list[tuple[str, int]]:
        made = []
        monkeypatch.setattr(
            overlap, "measure", lambda arm, seed, **_: made.append((arm, seed)) or {"x": 1.0}
        )
        main(["overlap", "--seeds", "2", "--results", str(tmp_path)])
        return made

    return go


def fake(arm: str, seed: int, accuracy: float, **arguments) -> dict:
    return {
        "arm": arm,
        "seed": seed,
        "arguments": arguments,
        "results": {"accuracy": accuracy},
    }


def stored_lines(folder: Path) -> list[bytes]:
    return (folder / "overlap.jsonl").read_bytes().splitlines()


# What is stored


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_stored_sweep_is_whole_and_sorted(name):
    stored = [(run["arm"], run["seed"]) for run in experiments.load(name)]
    assert stored == sorted((a, s) for a in experiments.arms(name) for s in range(SEEDS[name]))


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_stored_runs_have_the_arguments_and_versions_of_the_code(name):
    for run in experiments.load(name):
        assert run.keys() == runs.FIELDS
        assert run["arguments"] == runs.complete_arguments(name)
        assert run["versions"].keys() == {"pooling", "torch", "numpy"}


@pytest.mark.parametrize(
    ("name", "arm", "points"),
    [
        ("operators", "stochastic 2/2", 1.0),
        ("overlap", "max 3/2", 1.0),
        ("pyramid", "flatten + warp", 6.0),
        ("shift", "max 2/2", 3.0),
    ],
)
def test_repeating_a_stored_run_gives_its_results(name, arm, points):
    stored = next(r for r in experiments.load(name) if (r["arm"], r["seed"]) == (arm, 0))
    results = experiments.run(name, arm, seed=0)["results"]
    for metric, value in stored["results"].items():
        tolerance = 0.02 if "loss" in metric else points
        assert results[metric] == pytest.approx(value, abs=tolerance), metric


def test_arms_of_two_experiments_have_the_same_results_in_both():
    shared = operators.ARMS.keys() & overlap.ARMS.keys()
    assert shared == {"max 2/2", "max 3/2", "average 2/2"}
    ours, others = (
        {(run["arm"], run["seed"]): run["results"] for run in experiments.load(name)}
        for name in ("operators", "overlap")
    )
    for arm, seed in itertools.product(shared, range(min(SEEDS["operators"], SEEDS["overlap"]))):
        for metric in ("train_accuracy", "test_accuracy", "test_loss"):
            assert ours[arm, seed][metric] == pytest.approx(others[arm, seed][metric], rel=1e-3)


def test_stored_consistency_is_whole_at_multiples_of_the_total_stride():
    for run in experiments.load("shift"):
        steps = shift.SHIFTS if run["arm"] == "none" else (0, 4, 8)
        assert all(run["results"][f"consistency_{step}"] == 100 for step in steps), run["arm"]


# A sweep


def test_sweep_makes_every_run_once_and_sorts_the_file(sweep, tmp_path):
    assert sweep() == [(arm, seed) for seed in (0, 1) for arm in overlap.ARMS]
    cases = [(run["arm"], run["seed"]) for run in map(json.loads, stored_lines(tmp_path))]
    assert cases == sorted(cases)
    assert [p.name for p in tmp_path.iterdir()] == ["overlap.jsonl"]
    before = stored_lines(tmp_path)
    assert sweep() == []
    assert stored_lines(tmp_path) == before


def test_killed_sweep_keeps_its_runs_and_makes_the_rest(tmp_path, monkeypatch):
    made = []

    def killed_at_the_sixth(arm: str, seed: int, **_) -> dict:
        if len(made) == 5:
            raise KeyboardInterrupt
        made.append((arm, seed))
        return {"x": 1.0}

    arguments = ["overlap", "--seeds", "2", "--results", str(tmp_path)]
    monkeypatch.setattr(overlap, "measure", killed_at_the_sixth)
    with pytest.raises(KeyboardInterrupt):
        main(arguments)
    assert len(stored_lines(tmp_path)) == 5
    monkeypatch.setattr(overlap, "measure", lambda arm, seed, **_: made.append((arm, seed)) or {})
    main(arguments)
    assert made == [(arm, seed) for seed in (0, 1) for arm in overlap.ARMS]
    assert len(experiments.load("overlap", tmp_path)) == 8


def test_line_cut_short_is_named_and_not_glued_to_the_next(sweep, tmp_path):
    sweep()
    path = tmp_path / "overlap.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.warns(UserWarning, match="line 8 is left out"):
        first = experiments.load("overlap", tmp_path)[0]
    runs.append(first, "overlap", tmp_path)
    assert len(stored_lines(tmp_path)) == 9
    with pytest.warns(UserWarning, match=r"line 8 is left out: it is not whole JSON"):
        assert len(experiments.load("overlap", tmp_path)) == 8
    path.write_bytes(b"\n".join(stored_lines(tmp_path)[:8]))
    with pytest.warns(UserWarning, match=r"line 8 is left out"):
        assert sweep() == [("max 3/2", 1)]
    assert len(experiments.load("overlap", tmp_path)) == 8


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (b"{not json", "it is not whole JSON"),
        (b"\xff\xfe", "it is not whole JSON"),
        (b"[1]", "it is not a run with the fields"),
        (b'{"arm": "max 2/2"}', "it is not a run with the fields"),
    ],
)
def test_damaged_line_is_named_by_number_and_the_others_are_read(sweep, tmp_path, damaged, reason):
    sweep()
    lines = stored_lines(tmp_path)
    (tmp_path / "overlap.jsonl").write_bytes(b"\n".join([*lines[:2], damaged, *lines[2:], b""]))
    with pytest.warns(UserWarning) as caught:
        assert len(experiments.load("overlap", tmp_path)) == 8
    assert len(caught) == 1
    assert f"overlap.jsonl: line 3 is left out: {reason}" in str(caught[0].message)


def test_run_of_another_experiment_is_left_out(sweep, tmp_path):
    sweep()
    (tmp_path / "overlap.jsonl").rename(tmp_path / "pyramid.jsonl")
    with pytest.warns(UserWarning, match=r"is left out: it is a run of 'overlap'"):
        assert experiments.load("pyramid", tmp_path) == []


def test_file_holds_runs_of_one_set_of_arguments(sweep, tmp_path, capsys):
    sweep()
    with pytest.raises(SystemExit, match="2"):
        main(["overlap", "--seeds", "2", "--results", str(tmp_path), "--set", "epochs=1"])
    assert "holds runs with other arguments" in capsys.readouterr().err


def test_nothing_stored_is_an_empty_list(tmp_path):
    assert experiments.load("overlap", tmp_path) == []


def test_stored_runs_are_read_without_torch():
    code = (
        "import sys; from pooling_course.experiments import load, mean_interval;"
        "mean_interval(load('overlap'), 'max 2/2', 'gap'); sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_help_names_the_experiments(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    shown = capsys.readouterr().out
    words = (*experiments.EXPERIMENTS, "--seeds", "--jobs", "--dask", "--results")
    assert all(word in shown for word in words)


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_tiny_sweep_from_the_command_line(name, tmp_path, capsys):
    arguments = [f"--set={key}={json.dumps(value)}" for key, value in TINY[name].items()]
    main([name, "--seeds", "1", "--results", str(tmp_path), *arguments])
    stored = experiments.load(name, tmp_path)
    assert {run["arm"] for run in stored} == set(experiments.arms(name))
    assert f"{len(stored)} runs made" in capsys.readouterr().out
    again = experiments.run(name, stored[0]["arm"], 0, stored[0]["arguments"])
    assert again["results"] == stored[0]["results"]


def test_two_jobs_store_what_one_stores(tmp_path):
    arguments = [f"--set={key}={json.dumps(value)}" for key, value in TINY["overlap"].items()]
    for jobs in ("1", "2"):
        folder = str(tmp_path / jobs)
        main(["overlap", "--seeds", "1", "--jobs", jobs, "--results", folder, *arguments])
    one, two = (experiments.load("overlap", tmp_path / jobs) for jobs in ("1", "2"))
    assert [run["results"] for run in one] == [run["results"] for run in two]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: experiments.run("speed", "max 2/2", 0), "name must be one of .* got 'speed'"),
        (lambda: experiments.load("speed"), "name must be one of .* got 'speed'"),
        (lambda: experiments.run("overlap", "max 5/2", 0), "arm must be one of .* got 'max 5/2'"),
        (lambda: experiments.run("overlap", "max 2/2", -1), "seed must be at least 0, got -1"),
        (
            lambda: experiments.run("overlap", "max 2/2", 0, {"epoch": 1}),
            "arguments must be among .* got 'epoch'",
        ),
    ],
)
def test_wrong_names_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("option", ["--seeds", "--jobs"])
def test_zero_seeds_or_jobs_are_refused(option, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["overlap", "--seeds=1", f"{option}=0", "--results", str(tmp_path)])
    assert f"{option[2:]} must be at least 1, got 0" in capsys.readouterr().err


# A sweep on a Dask cluster


@pytest.fixture
def cluster():
    """Two worker processes on this machine."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as local:
        yield local


def test_workers_killed_in_a_sweep_lose_and_repeat_nothing(cluster, tmp_path, monkeypatch):
    victims = [worker.pid for worker in cluster.workers.values()]
    stored = []

    def store_and_kill(run, *place):
        runs.append(run, *place)
        stored.append((run["arm"], run["seed"]))
        if len(stored) == 3:
            for victim in victims:
                os.kill(victim, signal.SIGKILL)
            time.sleep(0.5)

    monkeypatch.setattr(sys.modules["pooling_course.experiments.sweep"], "append", store_and_kill)
    tiny = [f"--set={key}={json.dumps(value)}" for key, value in FEW.items()]
    arguments = ["overlap", "--seeds=2", "--results", str(tmp_path), *tiny]
    main([*arguments, "--dask", cluster.scheduler_address])

    planned = sorted((arm, seed) for arm in overlap.ARMS for seed in (0, 1))
    lines = [(run["arm"], run["seed"]) for run in experiments.load("overlap", tmp_path)]
    assert lines == planned == sorted(stored)
    finished = Counter(
        key
        for key, start, finish, *_ in cluster.scheduler.transition_log
        if (start, finish) == ("processing", "memory")
    )
    repeated = [key for key, times in finished.items() if times > 1]
    calls = [(arm, seed) for seed in (0, 1) for arm in overlap.ARMS]
    assert not {calls[int(key.rsplit("-", 1)[1])] for key in repeated} & set(stored[:3])

    first = experiments.load("overlap", tmp_path)[0]
    assert experiments.run("overlap", first["arm"], 0, FEW)["results"] == first["results"]
    before = stored_lines(tmp_path)
    main([*arguments, "--dask", cluster.scheduler_address])
    assert stored_lines(tmp_path) == before


def test_missing_dask_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SystemExit, match="2"):
        main(["overlap", "--seeds=1", "--results", str(tmp_path), "--dask=tcp://127.0.0.1:1"])
    assert "pip install distributed" in capsys.readouterr().err


def test_runs_in_threads_of_one_process_wait_for_each_other():
    arms = list(overlap.ARMS)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda arm: experiments.run("overlap", arm, 0, FEW), arms))
    alone = [experiments.run("overlap", arm, 0, FEW) for arm in arms]
    assert [run["results"] for run in together] == [run["results"] for run in alone]


# Pairing


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_a_seed_gives_every_arm_the_same_start_and_the_same_order(name, monkeypatch):
    seen = []

    def spy(network, batches, _):
        start = {key: value.clone() for key, value in network.state_dict().items()}
        seen.append((start, torch.cat([labels for _, labels in batches])))

    monkeypatch.setattr(training, "fit", spy)
    for seed in (0, 1):
        seen.clear()
        for arm in experiments.arms(name):
            experiments.run(name, arm, seed, TINY[name])
        for (start, order), (other, other_order) in itertools.combinations(seen, 2):
            assert torch.equal(order, other_order)
            same_head = start["dense.weight"].shape == other["dense.weight"].shape
            for key in start.keys() & other.keys():
                if same_head or not key.startswith("dense"):
                    assert torch.equal(start[key], other[key]), key
        if seed == 0:
            first, first_order = seen[0]
    assert not torch.equal(first_order, order)
    assert not torch.equal(first["conv1.weight"], start["conv1.weight"])


def test_overlap_images_are_the_same_in_every_arm(monkeypatch):
    seen = []
    monkeypatch.setattr(training, "fit", lambda _, batches, __: seen.append(list(batches)))
    for arm in overlap.ARMS:
        experiments.run("overlap", arm, 0, TINY["overlap"])
    for batches in seen[1:]:
        for (images, labels), (others, other_labels) in zip(seen[0], batches, strict=True):
            assert torch.equal(images, others)
            assert torch.equal(labels, other_labels)


def test_a_run_uses_one_thread_and_leaves_threads_and_random_state_alone(monkeypatch):
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    used = []
    monkeypatch.setattr(training, "fit", lambda *_: used.append(torch.get_num_threads()))
    torch.set_num_threads(2)
    try:
        experiments.run("overlap", "max 2/2", 0, TINY["overlap"])
        assert (used, torch.get_num_threads()) == ([1], 2)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(torch.random.get_rng_state(), state)


# The networks


@pytest.mark.parametrize(
    ("arm", "module"),
    [
        ("max 2/2", layers.MaxPool2d(2)),
        ("max 3/2", layers.MaxPool2d(3, stride=2, padding=1)),
        ("average 2/2", layers.AvgPool2d(2)),
        ("average 3/2", layers.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)),
    ],
)
def test_overlap_trains_alike_with_the_layers_of_the_book(arm, module):
    images = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    ours = training.seeded(lambda: overlap.Network(module), 0)
    torchs = training.seeded(lambda: overlap.Network(overlap.ARMS[arm]), 0)
    same_losses_and_gradients(ours, torchs, images)


@pytest.mark.parametrize("size", [16, 20, 31, 48])
def test_pyramid_trains_alike_with_the_layer_of_the_book(size):
    images = torch.rand(4, 1, size, size + 3, generator=torch.Generator().manual_seed(0))
    module = layers.SpatialPyramidPool2d(pyramid.LEVELS)
    ours = training.seeded(lambda: pyramid.Network(pyramid.PYRAMID._replace(gather=module)), 0)
    torchs = training.seeded(lambda: pyramid.Network(pyramid.PYRAMID), 0)
    same_losses_and_gradients(ours, torchs, images)


def same_losses_and_gradients(ours, torchs, images):
    losses = [F.cross_entropy(network(images), torch.arange(4)) for network in (ours, torchs)]
    torch.testing.assert_close(*losses)
    for loss in losses:
        loss.backward()
    for mine, other in zip(ours.parameters(), torchs.parameters(), strict=True):
        assert other.grad.abs().max() > 0
        torch.testing.assert_close(mine.grad, other.grad)


def test_overlap_arms_have_equal_map_sizes_and_parameters():
    shapes, counts = set(), set()
    for pool in overlap.ARMS.values():
        maps = pool(torch.zeros(1, 1, 28, 28))
        shapes.add((*maps.shape[2:], *pool(maps).shape[2:]))
        counts.add(sum(p.numel() for p in overlap.Network(pool).parameters()))
    assert shapes == {(14, 14, 7, 7)}
    assert counts == {9_098}


def test_operators_have_the_map_sizes_and_parameters_they_name():
    counts = {}
    for arm, build in operators.ARMS.items():
        network = build(torch.Generator())
        counts[arm] = sum(p.numel() for p in network.parameters())
        assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    assert counts.pop("conv in place of pool") == 9_098 + 2_904
    assert counts.pop("no pool") == 126_698
    assert set(counts.values()) == {9_098}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (pools.min_pool, lambda x: pooling.min_pool2d(x, 2)),
        (pools.mixed_pool, lambda x: pooling.mixed_pool2d(x, 2)),
        (pools.soft_pool, lambda x: pooling.soft_pool2d(x, 2)),
        (pools.StochasticPool(None).eval(), lambda x: pooling.stochastic_pool2d(x, 2)),
        (pools.dense_max, lambda x: pooling.max_pool2d(x, 2, stride=1)),
        (pools.blur, pooling.blur_pool2d),
        (pools.max_blur, lambda x: pooling.blur_pool2d(pooling.max_pool2d(x, 2, stride=1))),
        (shift.every_second, lambda x: x[..., ::2, ::2]),
        (
            shift.max_blur,
            lambda x: pooling.blur_pool2d(
                pooling.max_pool2d(np.pad(x, AFTER, mode="wrap"), 2, stride=1),
                padding_mode="circular",
            ),
        ),
        (shift.max_3_2, lambda x: pooling.max_pool2d(np.pad(x, BEFORE, mode="wrap"), 3, stride=2)),
    ],
)
def test_pools_of_the_experiments_are_those_of_the_library(ours, theirs):
    maps = torch.rand(2, 3, 14, 14, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    maps = F.relu(maps - 0.4)
    np.testing.assert_allclose(ours(maps), theirs(maps.numpy()), rtol=1e-12, atol=1e-15)


def test_l2_pool_has_gradient_zero_where_a_window_is_zero():
    network = operators.ARMS["L2 2/2"](torch.Generator())
    maps = torch.tensor([[[[0.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 4.0]]]], requires_grad=True)
    pooled = network.pool(maps)
    assert pooled.flatten().tolist() == pytest.approx([0, 5])
    pooled.sum().backward()
    torch.testing.assert_close(maps.grad[0, 0], torch.tensor([[0, 0, 0.6, 0], [0, 0, 0, 0.8]]))


def test_stochastic_pool_draws_cells_as_often_as_their_share():
    cells = torch.tensor([[1.0, 0.0], [4.0, 5.0]]).expand(1, 20_000, 2, 2).clone().requires_grad_()
    drawn = pools.StochasticPool(torch.Generator().manual_seed(0))(cells)
    for value in (0.0, 1.0, 4.0, 5.0):
        assert (drawn == value).float().mean() == pytest.approx(value / 10, abs=0.015)
    drawn.sum().backward()
    assert torch.equal(cells.grad * cells, cells * (cells == drawn))


def test_fractional_pool_is_the_librarys_twice():
    maps = torch.rand(2, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    ours = pools.FractionalPool(torch.Generator().manual_seed(1))(maps)
    draws, theirs = torch.Generator().manual_seed(1), maps.numpy()
    for size in (20, 14):
        samples = torch.rand((2, 3, 2), generator=draws).numpy()
        theirs = pooling.fractional_max_pool2d(theirs, 2, size, samples)
    assert np.array_equal(ours, theirs)


def test_convolution_with_stride_is_the_convolution_with_every_second_cell():
    images = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    strided = operators.strided(torch.Generator())
    whole = overlap.Network(shift.every_second)
    whole.load_state_dict(strided.state_dict())
    torch.testing.assert_close(strided(images), whole(images))


def test_shift_arms_share_parameters_but_for_the_learned_one():
    counts = {arm: sum(p.numel() for p in shift.Network(arm).parameters()) for arm in shift.ARMS}
    assert counts.pop("conv in place of pool") == 6_218 + 2_904
    assert set(counts.values()) == {6_218}


def test_live_curves_are_those_of_a_run():
    setting = runs.complete_arguments("shift", FEW)
    results = experiments.run("shift", "max 2/2", 0, setting)["results"]
    del setting["test_images"]
    count = setting.pop("shift_images")
    _, (images, _) = training.fashion(0, count)
    same, moved = shift.consistency(shift.trained("max 2/2", 0, **setting), images, [1, 2])
    assert same == pytest.approx([results["consistency_1"], results["consistency_2"]])
    assert moved == pytest.approx([results["moved_1"], results["moved_2"]], abs=1e-4)


def test_consistency_of_a_network_known_by_heart():
    class Corner(torch.nn.Module):
        def forward(self, images):
            return torch.log(images[:, 0, 0, :2])

    images = torch.zeros(1, 1, 4, 4)
    images[0, 0, 0, :2] = torch.tensor([0.75, 0.25])
    images[0, 0, 2, 2:] = torch.tensor([0.25, 0.75])
    same, moved = shift.consistency(Corner(), images, [0, 2, 4])
    assert same == [100, 0, 100]
    assert moved == pytest.approx([0, 50, 0])


def test_step_sizes_fall_to_the_last_without_reaching_it(monkeypatch):
    used = []
    step = torch.optim.Adam.step
    monkeypatch.setattr(
        torch.optim.Adam, "step", lambda o: (used.append(o.param_groups[0]["lr"]), step(o))
    )
    experiments.run("overlap", "max 2/2", 0, FEW | {"train_images": 128, "learning_rate": 0.4})
    assert used == pytest.approx([0.4, 0.3, 0.2, 0.1])


def test_pyramid_gives_one_length_for_any_size():
    lengths = {pyramid.spatial_pyramid(torch.zeros(1, 32, n // 4, n // 4)).shape for n in (16, 97)}
    assert lengths == {(1, 448)}


def test_warp_and_crop_agree_at_their_own_size_and_make_it():
    patches = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(pyramid.crop(patches), patches)
    torch.testing.assert_close(pyramid.warp(patches), patches)
    for size in (16, 33, 96):
        for prepare in (pyramid.warp, pyramid.crop):
            assert prepare(torch.zeros(1, 1, size, size)).shape == (1, 1, 32, 32)
    big = torch.arange(34.0 * 34).reshape(1, 1, 34, 34)
    assert torch.equal(pyramid.crop(big), big[..., 1:33, 1:33])


def test_warp_smooths_what_it_shrinks():
    stripes = torch.zeros(1, 1, 96, 96)
    stripes[..., ::3] = 3
    assert (pyramid.warp(stripes) - 1).abs().max() < 0.4


@pytest.mark.parametrize(
    ("arm", "sizes"),
    [("pyramid multi-size", [16, 24, 32, 48, 16]), ("pyramid single-size", [32] * 5)],
)
def test_each_batch_has_the_next_size(arm, sizes, monkeypatch):
    seen = []
    monkeypatch.setattr(
        training, "fit", lambda _, batches, __: seen.extend(x.shape[-1] for x, _ in batches)
    )
    experiments.run("pyramid", arm, 0, TINY["pyramid"] | {"batch_size": 6})
    assert seen == sizes


@pytest.mark.parametrize("move", [(1, 0), (-2, 0), (0, 3), (0, -1)])
def test_moved_images_are_rolled_images_with_black_at_the_border(move):
    images = torch.zeros(1, 1, 28, 28)
    images[..., 5:-5, 5:-5] = 1 + torch.arange(18.0 * 18).reshape(18, 18)
    assert torch.equal(overlap.shifted(images, *move), images.roll(move, dims=(2, 3)))
    full = overlap.shifted(torch.ones(1, 1, 28, 28), *move)
    assert full.sum() == 28 * (28 - abs(sum(move)))


def test_score_is_percent_right_and_mean_loss():
    scores = torch.tensor([[2.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 0.0]])
    accuracy, loss = training.score(torch.nn.Identity(), scores, torch.tensor([0, 0, 1, 1]))
    assert accuracy == 75
    assert loss == pytest.approx(F.cross_entropy(scores, torch.tensor([0, 0, 1, 1])).item())


@pytest.mark.parametrize("arm", shift.ARMS)
def test_consistency_is_whole_at_multiples_of_the_total_stride(arm):
    results = experiments.run("shift", arm, 0, FEW | {"shift_images": 300, "epochs": 3})["results"]
    for step in shift.SHIFTS:
        exact = arm == "none" or step % 4 == 0
        assert not exact or results[f"consistency_{step}"] == 100
        assert (results[f"moved_{step}"] < 1e-4) == exact


# Intervals


def test_interval_of_three_values_by_hand():
    stored = [fake("a", 0, 1.0), fake("a", 1, 2.0), fake("a", 2, 6.0)]
    found = experiments.mean_interval(stored, "a", "accuracy")
    assert (found.mean, found.n) == (3.0, 3)
    assert found.half_width == pytest.approx(4.302653 * np.sqrt(7 / 3), rel=1e-6)
    assert (found.low, found.high) == (found.mean - found.half_width, 3 + found.half_width)


@pytest.mark.parametrize("n", [3, 12])
def test_paired_interval_holds_the_true_difference_95_times_in_100(n):
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(2_000):
        shared, noise = rng.normal(80, 5, n), rng.normal(0, 1, (2, n))
        stored = [
            fake(arm, seed, shared[seed] + noise[k, seed] + 0.5 * k)
            for k, arm in enumerate("ab")
            for seed in range(n)
        ]
        found = experiments.paired_difference(stored, "b", "a", "accuracy")
        hits += found.low <= 0.5 <= found.high
        assert found.half_width < 12
    assert hits / 2_000 == pytest.approx(0.95, abs=0.015)


def test_pairs_are_matched_by_seed_and_not_by_order():
    stored = [fake("a", 0, 1.0), fake("a", 1, 5.0), fake("b", 1, 6.0), fake("b", 0, 2.0)]
    assert experiments.paired_difference(stored, "b", "a", "accuracy") == (1.0, 0.0, 1.0, 1.0, 2)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ([fake("a", 0, 1.0), fake("b", 0, 1.0)], "at least two seeds, got 1"),
        ([fake("a", 0, 1.0), fake("a", 1, 1.0)], r"arm must be one of \['a'\], got 'b'"),
        ([fake("a", 0, 1.0), fake("b", 1, 1.0)], "must have the same seeds, got"),
        ([fake("a", 0, 1.0), fake("b", 0, 1.0, epochs=9)], "must share their arguments"),
        ([fake("a", 0, 1.0), fake("a", 0, 1.0), fake("b", 0, 1.0)], "each seed of an arm once"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(stored, message):
    with pytest.raises(ValueError, match=message):
        experiments.paired_difference(stored, "b", "a", "accuracy")


def test_unknown_metric_is_refused():
    with pytest.raises(ValueError, match=r"metric must be one of \['accuracy'\], got 'speed'"):
        experiments.mean_interval([fake("a", 0, 1.0), fake("a", 1, 1.0)], "a", "speed")
