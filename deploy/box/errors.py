"""What can go wrong in the box, said in one sentence a county office can act on."""


class BoxError(Exception):
    """A reason the box cannot run, in English (`str(error)`) and in Chinese (`error.zh`)."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.zh = chinese
