"""Reading the fields of a unit from its octets. Pure."""


class Malformed(ValueError):
    """Not a unit of the protocol. What follows on the connection cannot be made sense of either."""


class Reader:
    """Takes field after field from `body`; raises Malformed where it ends too early."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    @property
    def left(self) -> int:
        """How many octets have not been taken."""
        return len(self._body) - self._at

    def octet(self) -> int:
        return self.octets(1)[0]

    def number(self, count: int) -> int:
        """A big-endian number of `count` octets."""
        return int.from_bytes(self.octets(count))

    def octets(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._body):
            raise Malformed("the unit ends too early")
        taken, self._at = self._body[self._at : end], end
        return taken

    def fixed(self, count: int) -> str:
        """A text in a field of `count` octets, filled up with zeros."""
        return self.octets(count).split(b"\x00", 1)[0].decode("latin-1").strip()

    def cstring(self) -> str:
        """A text up to its zero octet."""
        end = self._body.find(b"\x00", self._at)
        if end < 0:
            raise Malformed("a text has no end")
        taken, self._at = self._body[self._at : end], end + 1
        return taken.decode("latin-1")
