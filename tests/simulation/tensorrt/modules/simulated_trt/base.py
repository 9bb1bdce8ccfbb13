"""What pybind11 makes of C++ classes: no attributes but their own, enumerations, and dimensions."""

from typing import Any, Dict, Iterator, List, Sequence, Tuple

NATIVE = "tensorrt.tensorrt"


class Meta(type):
    """A subclass in Python that does not call the base's ``__init__`` cannot be made."""

    def __new__(mcs, name: str, bases: Any, members: Dict[str, Any]) -> Any:
        if members["__module__"].startswith("simulated_trt"):
            members["__module__"] = NATIVE
        return super().__new__(mcs, name, bases, members)

    def __call__(cls, *args: Any, **how: Any) -> Any:
        made = super().__call__(*args, **how)
        if cls.__module__ != NATIVE and not made.__dict__.get("_constructed"):
            base = next(c for c in cls.__mro__ if c.__module__ == NATIVE)
            raise TypeError(f"{base.__module__}.{base.__name__}.__init__() must be called when overriding __init__")
        return made


class Native(metaclass=Meta):
    """A class of the bindings. Others' subclasses may have what attributes they like, it may not."""

    def __init__(self) -> None:
        self._constructed = True

    def __setattr__(self, name: str, value: Any) -> None:
        kind = type(self)
        if not name.startswith("_") and kind.__module__ == NATIVE and not hasattr(kind, name):
            raise AttributeError(f"'{kind.__module__}.{kind.__name__}' object has no attribute '{name}'")
        super().__setattr__(name, value)


def enter(self: Any) -> Any:
    return self


def leave(self: Any, kind: Any, value: Any, trace: Any) -> None:
    return None


class Value:
    """A property that keeps what was set; ``check`` may refuse it (TypeError)."""

    def __init__(self, default: Any = None, kind: Any = None, fixed: bool = False) -> None:
        self._default = default
        self._kind = kind
        self._fixed = fixed
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else instance.__dict__.get("_" + self._name, self._default)

    def __set__(self, instance: Any, value: Any) -> None:
        if self._fixed:
            raise AttributeError("can't set attribute")
        # An enumeration's member is not taken for a number, nor a number for a member.
        if self._kind is int and not isinstance(value, int):
            value = value.__index__() if hasattr(value, "__index__") and not isinstance(value, Member) else None
        if self._kind is not None and not (isinstance(value, self._kind) or (value is None and self._kind is not int)):
            raise TypeError(f"{self._name}: incompatible function arguments")
        instance.__dict__["_" + self._name] = value


class Member:
    """A member of an enumeration."""

    __members__: Any = None

    def __init__(self, number: int) -> None:
        found = [m for m in (self.__members__ or {}).values() if m.value == number]
        self.value = int(number)
        self.name = found[0].name if found else "???"

    def __int__(self) -> int:
        return self.value

    __index__ = __int__

    def __eq__(self, other: Any) -> bool:
        return type(other) is type(self) and other.value == self.value

    def __ne__(self, other: Any) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.value)

    def __str__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}.{self.name}: {self.value}>"


def enumeration(name: str, members: Sequence[Tuple[str, int]]) -> Any:
    """A class like pybind11's: its members are attributes, equal to their own kind alone, and no list."""
    made: Any = type(name, (Member,), {"__module__": NATIVE, "__members__": {}})
    for word, number in members:
        member = made(number)
        member.name = word
        made.__members__[word] = member
        setattr(made, word, member)
    return made


class Dims:
    """Looks like a tuple, and is none: equal to tuples and lists, but ``Dims == Dims`` is a TypeError, as it is."""

    MAX_DIMS = 8

    def __init__(self, shape: Sequence[int] = ()) -> None:
        self._sides: List[int] = [int(side) for side in shape]
        if len(self._sides) > self.MAX_DIMS:
            raise ValueError("Input shape has more than MAX_DIMS dimensions")

    def __len__(self) -> int:
        return len(self._sides)

    def __getitem__(self, index: Any) -> Any:
        return tuple(self._sides[index]) if isinstance(index, slice) else self._sides[index]

    def __setitem__(self, index: int, value: int) -> None:
        self._sides[index] = int(value)

    def __iter__(self) -> Iterator[int]:
        return iter(list(self._sides))

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, (tuple, list)):
            raise TypeError("__eq__(): incompatible function arguments")
        return list(other) == self._sides

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return str(tuple(self._sides))


Dims.__module__ = NATIVE


def sides(shape: Any) -> Tuple[int, ...]:
    """Whatever stands for a shape, as a tuple."""
    return tuple(int(side) for side in shape)
