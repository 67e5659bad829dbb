"""The Python peers of the benchmark: reads one task a line from standard input (JSON), answers one line each.

Answers hold the wall-clock and processor seconds of the computation alone, not of reading its data.
"""
import json
import sys
import time

import numpy as np

state = {}


def timed(run):
    wall, processor = time.perf_counter(), time.process_time()
    result = run()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - processor}, result


def load(task):
    """Data sets are read once and kept under their name."""
    array = np.fromfile(task["file"], dtype=np.float32).reshape(task["rows"], task["columns"])
    state[task["name"]] = array.astype(task.get("type", "float32"))
    return {}


def multiply(task):
    a = state[task["a"]]
    return timed(lambda: a @ a)[0]


def gram(task):
    a = state[task["a"]]
    return timed(lambda: a.T @ a)[0]


def cholesky(task):
    a = state[task["a"]]
    return timed(lambda: np.linalg.cholesky(a))[0]


def eigen(task):
    a = state[task["a"]]
    return timed(lambda: np.linalg.eigh(a))[0]


def svd(task):
    a = state[task["a"]]
    return timed(lambda: np.linalg.svd(a, full_matrices=False))[0]


def positive(task):
    a = state[task["a"]].astype(np.float64)
    state[task["name"]] = a.T @ a + np.eye(a.shape[1])
    return {}


def closed_form(sxx, sxy, syy, k):
    from scipy.linalg import solve_triangular

    lx, ly = np.linalg.cholesky(sxx), np.linalg.cholesky(syy)
    t = solve_triangular(lx, sxy, lower=True)
    t = solve_triangular(ly, t.T, lower=True).T
    u, s, vt = np.linalg.svd(t, full_matrices=False)
    wx = solve_triangular(lx, u[:, :k], lower=True, trans="T")
    wy = solve_triangular(ly, vt[:k].T, lower=True, trans="T")
    return s[:k], wx, wy


def cca(task):
    x, y, k = state[task["x"]], state[task["y"]], task["k"]

    def run():
        n = len(x)
        a, b = x - x.mean(0), y - y.mean(0)
        return closed_form(a.T @ a / (n - 1), a.T @ b / (n - 1), b.T @ b / (n - 1), k)

    import scipy.linalg  # noqa: F401 (loading it is not part of the fit)

    times, (s, _, _) = timed(run)
    return {**times, "correlations": s.tolist()}


def cca_streamed(task):
    """The same blocks over and over, in float32, with sums in float64."""
    x, y, k, rows, blocks = state[task["x"]], state[task["y"]], task["k"], task["block"], task["blocks"]
    import scipy.linalg  # noqa: F401

    def run():
        dx, dy = x.shape[1], y.shape[1]
        sxx, sxy, syy = np.zeros((dx, dx)), np.zeros((dx, dy)), np.zeros((dy, dy))
        sx, sy, n = np.zeros(dx), np.zeros(dy), 0
        mx, my = x[:rows].mean(0), y[:rows].mean(0)
        for i in range(blocks):
            start = (i * rows) % len(x)
            a, b = x[start : start + rows] - mx, y[start : start + rows] - my
            sxx += a.T @ a
            sxy += a.T @ b
            syy += b.T @ b
            sx += a.sum(0)
            sy += b.sum(0)
            n += rows
        sxx = (sxx - np.outer(sx, sx) / n) / (n - 1)
        sxy = (sxy - np.outer(sx, sy) / n) / (n - 1)
        syy = (syy - np.outer(sy, sy) / n) / (n - 1)
        return closed_form(sxx, sxy, syy, k)

    times, (s, _, _) = timed(run)
    return {**times, "correlations": s.tolist()}


def sklearn_cca(task):
    from sklearn.cross_decomposition import CCA

    x, y = state[task["x"]], state[task["y"]]
    return timed(lambda: CCA(n_components=1, scale=False).fit(x, y))[0]


def statsmodels_cca(task):
    from statsmodels.multivariate.cancorr import CanCorr

    x, y = state[task["x"]], state[task["y"]]
    times, result = timed(lambda: CanCorr(y, x))
    return {**times, "correlations": [float(c) for c in result.cancorr]}


def search(task):
    gallery, queries, k = state[task["gallery"]], state[task["queries"]][: task["count"]], task["k"]

    def run():
        for start in range(0, len(queries), 1000):
            scores = queries[start : start + 1000] @ gallery.T
            best = np.argpartition(scores, -k, axis=1)[:, -k:]
            order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
            np.take_along_axis(best, order, axis=1)

    return timed(run)[0]


def glove_lines(task):
    def run():
        words, vectors = {}, []
        with open(task["file"], encoding="utf-8") as lines:
            for line in lines:
                parts = line.rstrip().split(" ")
                words[parts[0]] = len(vectors)
                vectors.append(np.asarray(parts[1:], dtype=np.float32))
        return words, np.vstack(vectors)

    return timed(run)[0]


def glove_fromstring(task):
    def run():
        words, vectors = {}, []
        with open(task["file"], encoding="utf-8") as lines:
            for line in lines:
                word, numbers = line.split(" ", 1)
                words[word] = len(vectors)
                vectors.append(np.fromstring(numbers, dtype=np.float32, sep=" "))
        return words, np.vstack(vectors)

    return timed(run)[0]


def has(task):
    import importlib.util

    return {"found": importlib.util.find_spec(task["module"]) is not None}


TASKS = {
    function.__name__: function
    for function in (
        load, multiply, gram, cholesky, eigen, svd, positive, cca, cca_streamed, sklearn_cca, statsmodels_cca,
        search, glove_lines, glove_fromstring, has,
    )
}

for line in sys.stdin:
    task = json.loads(line)
    try:
        answer = TASKS[task["task"]](task)
    except Exception as error:  # the benchmark shows it and goes on
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
