"""The assignment of largest total gain, over the few pairs that are possible at all.

Gating leaves most tracks with one box and most boxes with one track, and where it does not, mostly each track has a
best box that no other track would rather have, or each box such a track. Only what is disputed is split into connected
components, and only those in which the dispute is go through the Hungarian algorithm. That is as good as solving the
whole matrix, needs no library, and costs microseconds.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, Optional, Sequence, Set, Tuple

Pair = Tuple[int, int]


def assign(rows: Sequence[int], columns: Sequence[int], gains: Sequence[float]) -> List[Pair]:
    """Pairs (row, column), each row and each column at most once, whose gains sum up to the most possible.

    The three sequences list the possible pairs and what each is worth (over 0); a pair that is not listed cannot be.
    Same input, same answer.
    """
    chosen = _undisputed(range(len(gains)), rows, columns, gains)
    if chosen is not None:
        return chosen
    chosen = []
    by_row: Dict[int, List[int]] = {}
    by_column: Dict[int, List[int]] = {}
    for i, (row, column) in enumerate(zip(rows, columns)):
        by_row.setdefault(row, []).append(i)
        by_column.setdefault(column, []).append(i)
    done: Set[int] = set()
    for row, listed in by_row.items():
        if row in done:
            continue
        if len(listed) == 1 and len(by_column[columns[listed[0]]]) == 1:
            chosen.append((row, columns[listed[0]]))
            continue
        members = _component(row, rows, columns, by_row, by_column)
        done.update(rows[i] for i in members)
        alone = _undisputed(members, rows, columns, gains)
        chosen.extend(_solve(members, rows, columns, gains) if alone is None else alone)
    return chosen


def _undisputed(
    members: Iterable[int], rows: Sequence[int], columns: Sequence[int], gains: Sequence[float]
) -> Optional[List[Pair]]:
    """Where every row can have its best column, or every column its best row, nothing can gain more than that."""
    of_rows: Dict[int, int] = {}
    of_columns: Dict[int, int] = {}
    for i in members:
        row, column, gain = rows[i], columns[i], gains[i]
        best = of_rows.get(row)
        if best is None or gain > gains[best]:
            of_rows[row] = i
        best = of_columns.get(column)
        if best is None or gain > gains[best]:
            of_columns[column] = i
    if len({columns[i] for i in of_rows.values()}) == len(of_rows):
        return [(row, columns[i]) for row, i in of_rows.items()]
    if len({rows[i] for i in of_columns.values()}) == len(of_columns):
        return [(rows[i], column) for column, i in of_columns.items()]
    return None


def _component(
    row: int, rows: Sequence[int], columns: Sequence[int], by_row: Dict[int, List[int]], by_column: Dict[int, List[int]]
) -> List[int]:
    """Indexes of all pairs that hang together with ``row``."""
    seen_rows, seen_columns = {row}, set()
    open_rows, members = [row], []
    while open_rows:
        for i in by_row[open_rows.pop()]:
            members.append(i)
            if columns[i] not in seen_columns:
                seen_columns.add(columns[i])
                for j in by_column[columns[i]]:
                    if rows[j] not in seen_rows:
                        seen_rows.add(rows[j])
                        open_rows.append(rows[j])
    return members


def _solve(members: List[int], rows: Sequence[int], columns: Sequence[int], gains: Sequence[float]) -> List[Pair]:
    """One component, as a small full matrix in which an impossible pair gains nothing."""
    row_names = sorted({rows[i] for i in members})
    column_names = sorted({columns[i] for i in members})
    swap = len(row_names) > len(column_names)
    across, down = (row_names, column_names) if swap else (column_names, row_names)
    place_down = {name: i for i, name in enumerate(down)}
    place_across = {name: i for i, name in enumerate(across)}
    cost = [[0.0] * len(across) for _ in down]
    for i in members:
        d, a = (columns[i], rows[i]) if swap else (rows[i], columns[i])
        cost[place_down[d]][place_across[a]] = -gains[i]
    pairs = [(d, a) for d, a in enumerate(hungarian(cost)) if cost[d][a] < 0.0]
    return [(across[a], down[d]) if swap else (down[d], across[a]) for d, a in pairs]


def hungarian(cost: Sequence[Sequence[float]]) -> List[int]:
    """For each row its column, each column at most once, at the least total cost. Needs rows <= columns.

    Shortest augmenting paths with potentials, O(rows² columns): Kuhn 1955, in the form of Jonker and Volgenant,
    "A Shortest Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems", Computing 38, 1987.
    """
    height, width = len(cost), len(cost[0])
    infinity = float("inf")
    row_potential = [0.0] * height
    column_potential = [0.0] * (width + 1)
    owner = [-1] * (width + 1)  # row of each column; the last column is where a path starts
    for row in range(height):
        owner[width] = row
        column = width
        shortest = [infinity] * width
        before = [width] * width
        visited: List[int] = []
        free = list(range(width))
        while owner[column] >= 0:
            visited.append(column)
            current = owner[column]
            line, base = cost[current], row_potential[current]
            delta, nearest = infinity, -1
            for j in free:
                reduced = line[j] - base - column_potential[j]
                if reduced < shortest[j]:
                    shortest[j] = reduced
                    before[j] = column
                if shortest[j] < delta:
                    delta, nearest = shortest[j], j
            for j in visited:
                row_potential[owner[j]] += delta
                column_potential[j] -= delta
            for j in free:
                shortest[j] -= delta
            free.remove(nearest)
            column = nearest
        while column != width:  # turn the path round
            owner[column] = owner[before[column]]
            column = before[column]
        owner[width] = -1
    answer = [-1] * height
    for column in range(width):
        if owner[column] >= 0:
            answer[owner[column]] = column
    return answer
