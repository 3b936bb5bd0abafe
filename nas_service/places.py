"""A set of places below a fixed number, which finds the nearest member on either side of a place."""

from __future__ import annotations

BITS = 6
WORD = 1 << BITS


class Places:
    """A tree of words of 64 bits: a bit says whether there is a member below it. All operations are O(log n)."""

    def __init__(self, size: int) -> None:
        self._levels: list[list[int]] = []
        while not self._levels or len(self._levels[-1]) > 1:
            size = max(1, -(-size // WORD))
            self._levels.append([0] * size)

    def add(self, place: int) -> None:
        for level in self._levels:
            level[place >> BITS] |= 1 << (place % WORD)
            place >>= BITS

    def discard(self, place: int) -> None:
        for level in self._levels:
            level[place >> BITS] &= ~(1 << (place % WORD))
            if level[place >> BITS]:
                return
            place >>= BITS

    def before(self, place: int) -> int | None:
        """The last member before a place; None where there is none."""
        for height, level in enumerate(self._levels):
            if below := level[place >> BITS] & ((1 << (place % WORD)) - 1):
                place = (place >> BITS << BITS) + below.bit_length() - 1
                for lower in reversed(self._levels[:height]):
                    place = (place << BITS) + lower[place].bit_length() - 1
                return place
            place >>= BITS
        return None

    def after(self, place: int) -> int | None:
        """The first member after a place; None where there is none."""
        for height, level in enumerate(self._levels):
            if above := level[place >> BITS] >> (place % WORD) >> 1 << (place % WORD) << 1:
                place = (place >> BITS << BITS) + _lowest(above)
                for lower in reversed(self._levels[:height]):
                    place = (place << BITS) + _lowest(lower[place])
                return place
            place >>= BITS
        return None


def _lowest(word: int) -> int:
    """The place of the lowest bit."""
    return (word & -word).bit_length() - 1
