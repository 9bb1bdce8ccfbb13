"""What the telemetry worker told, checked: numbers that are numbers, names of a length, and nothing else."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Type, TypeVar

_T = TypeVar("_T")
_MOST = 64  # sensors, rails, cores
_LONGEST = 80


@dataclass(frozen=True)
class Gpu:
    """Loads in percent. ``limit_mhz`` is the highest clock that it may take now."""

    name: Optional[str] = None
    load: Optional[float] = None
    mhz: Optional[float] = None
    limit_mhz: Optional[float] = None
    memory_used_mib: Optional[float] = None
    memory_total_mib: Optional[float] = None
    decoder_load: Optional[float] = None
    encoder_load: Optional[float] = None


@dataclass(frozen=True)
class EngineClock:
    """The state of an engine's clock, which says nothing of its load."""

    on: Optional[bool] = None
    mhz: Optional[float] = None


@dataclass(frozen=True)
class Cpu:
    load: Optional[float] = None
    cores: Tuple[float, ...] = ()
    mhz: Optional[float] = None
    limit_mhz: Optional[float] = None
    max_mhz: Optional[float] = None


@dataclass(frozen=True)
class Memory:
    total_mib: Optional[float] = None
    used_mib: Optional[float] = None
    swap_total_mib: Optional[float] = None
    swap_used_mib: Optional[float] = None
    emc_load: Optional[float] = None
    emc_mhz: Optional[float] = None


@dataclass(frozen=True)
class Fan:
    percent: Optional[float] = None
    rpm: Optional[float] = None


@dataclass(frozen=True)
class Reading:
    """The device at one moment. Temperatures in degrees Celsius by sensor, power in milliwatts by rail.

    ``source``: who was asked; ``note``: why jtop was not; ``throttling``: what holds the clocks down, in words.
    """

    source: str = ""
    note: str = ""
    gpus: Tuple[Gpu, ...] = ()
    engine_clocks: Mapping[str, EngineClock] = field(default_factory=dict)
    cpu: Cpu = Cpu()
    memory: Memory = Memory()
    temperatures: Mapping[str, float] = field(default_factory=dict)
    power_mw: Mapping[str, float] = field(default_factory=dict)
    fans: Mapping[str, Fan] = field(default_factory=dict)
    throttling: Tuple[str, ...] = ()

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Reading:
        """From a worker's message. What is not as it should be is left out."""
        values = message.get("values")
        told: Mapping[str, Any] = values if isinstance(values, dict) else {}
        return cls(
            source=_text(message.get("source")) or "",
            note=_text(message.get("note"), 300) or "",
            gpus=_several(told.get("gpus"), lambda gpu: _part(Gpu, gpu)),
            engine_clocks=_by_name(told.get("engine_clocks"), lambda engine: _part(EngineClock, engine)),
            cpu=_part(Cpu, told.get("cpu")) or Cpu(),
            memory=_part(Memory, told.get("memory")) or Memory(),
            temperatures=_by_name(told.get("temperatures"), _degrees),
            power_mw=_by_name(told.get("power_mw"), _number),
            fans=_by_name(told.get("fans"), lambda fan: _part(Fan, fan)),
            throttling=_several(told.get("throttling"), _text),
        )

    def payload(self) -> Dict[str, Any]:
        """As JSON has it; what is not known is left out, but for ``throttling``: that it is empty says something."""
        said = {key: part for key, part in _without_nothing(asdict(self)).items() if part}
        return {"throttling": [], **said}


def _part(kind: Type[_T], told: object) -> Optional[_T]:
    """A dataclass with what it knows of ``told``; None where it knows nothing."""
    if not isinstance(told, dict):
        return None
    found: Dict[str, Any] = {}
    for one in fields(kind):  # type: ignore[arg-type]
        check = _CHECKS.get(str(one.type), _number)
        value = check(told.get(one.name))
        if value is not None and value != ():
            found[one.name] = value
    return kind(**found) if found else None


def _number(value: object, least: float = 0.0, most: float = 1e9) -> Optional[float]:
    """Loads, clocks, amounts: none is negative, or as large as what a broken sensor gives."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        return None  # nor a nan, which compares with nothing
    return round(value) if value == round(value) else round(value, 1)


def _degrees(value: object) -> Optional[float]:
    return _number(value, -60.0, 200.0)


def _flag(value: object) -> Optional[bool]:
    return value if isinstance(value, bool) else None


def _text(value: object, longest: int = _LONGEST) -> Optional[str]:
    return " ".join(value.split())[:longest] or None if isinstance(value, str) else None


def _several(told: object, check: Callable[[Any], Optional[_T]]) -> Tuple[_T, ...]:
    found = map(check, told[:_MOST] if isinstance(told, list) else ())
    return tuple(value for value in found if value is not None)


def _by_name(told: object, check: Callable[[Any], Optional[_T]]) -> Dict[str, _T]:
    found: Dict[str, _T] = {}
    for name, value in list(told.items())[:_MOST] if isinstance(told, dict) else ():
        checked, key = check(value), _text(name)
        if checked is not None and key is not None:
            found[key] = checked
    return found


_CHECKS: Dict[str, Callable[[object], Any]] = {
    "Optional[str]": _text,
    "Optional[bool]": _flag,
    "Tuple[float, ...]": lambda told: _several(told, _number),
}


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nothing(inner) for key, inner in value.items() if inner is not None and inner != ()}
    if isinstance(value, (list, tuple)):
        return [_without_nothing(inner) for inner in value]
    return value


def hottest(temperatures: Mapping[str, float], sensors: List[str]) -> Optional[Tuple[str, float]]:
    """Name and degrees of the hottest of ``sensors``; of the chip's own where none are named."""
    if sensors:
        named = {name: temperatures[name] for name in sensors if name in temperatures}
    else:
        named = {name: degrees for name, degrees in temperatures.items() if name.startswith(_CHIP)} or {**temperatures}
    return max(named.items(), key=lambda item: item[1]) if named else None


#: Beginnings of the names of sensors in the chip. A disk (nvme) or a radio (iwlwifi) is no reason to look at less.
_CHIP = ("cpu", "gpu", "tj", "soc", "cv", "aux", "ao", "pll", "bcpu", "mcpu", "x86_pkg_temp")
