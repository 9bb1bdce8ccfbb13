"""Power by rail and fans, from the INA3221 (INA238 on Thor) and the PWM fans of Jetson boards.

r32 has the driver ina3221x with IIO files (mW), r35 and later hwmon (mV and mA).
"""

from typing import Callable, Dict, List, Optional, Tuple

from .files import Files, scaled

#: Rails that everything else on the board hangs on. Where there is none (AGX boards) no total is told: some of the
#: rails there feed others.
INPUTS = ("VIN", "VDD_IN", "POM_5V_IN")
_MONITORS = ("ina3221", "ina238")


class Power:
    def __init__(self, files: Files) -> None:
        self._files = files
        self.look()

    def look(self) -> None:
        """Find the monitors and their rails."""
        files = self._files
        self._rails: List[Tuple[str, Callable[[], Optional[float]]]] = []
        for label in files.find("sys/bus/i2c/drivers/ina3221x/*/iio:device*/rail_name_[0-9]"):
            folder, number = label.rsplit("/rail_name_", 1)
            self._add(files.text(label), self._milliwatts("{}/in_power{}_input".format(folder, number)))
        for name in files.find("sys/class/hwmon/hwmon*/name"):
            folder, monitor = name[: -len("/name")], files.text(name)
            if not monitor.startswith(_MONITORS):
                continue
            if files.exists(folder + "/power1_input"):
                self._add(files.text(folder + "/in1_label") or "VIN", self._microwatts(folder + "/power1_input"))
                continue
            for label in files.find(folder.replace("[", "[[]") + "/in[0-9]_label"):
                number = label[-len("1_label")]
                if files.exists("{}/curr{}_input".format(folder, number)):  # in7 is a sum of shunt voltages
                    self._add(files.text(label), self._product(folder, number))

    def read(self) -> Dict[str, float]:
        """mW by rail, and ``total`` where one rail is the board's input."""
        found: Dict[str, float] = {}
        for name, rail in self._rails:
            power = rail()
            if power is not None:
                found[name] = power
        for name in INPUTS:
            if name in found:
                found["total"] = found[name]
                break
        return found

    def _add(self, name: str, rail: Callable[[], Optional[float]]) -> None:
        if name and name != "NC":  # not connected
            self._rails.append((name, rail))

    def _milliwatts(self, path: str) -> Callable[[], Optional[float]]:
        return lambda: self._files.number(path)

    def _microwatts(self, path: str) -> Callable[[], Optional[float]]:
        return lambda: scaled(self._files.number(path), 1e-3)

    def _product(self, folder: str, number: str) -> Callable[[], Optional[float]]:
        def read() -> Optional[float]:
            volts = self._files.number("{}/in{}_input".format(folder, number))
            amperes = self._files.number("{}/curr{}_input".format(folder, number))
            return None if volts is None or amperes is None else round(volts * amperes / 1000.0)

        return read


class Fans:
    """A fan's duty (0 to 255 in the files) and its turns a minute, which on a Jetson another driver counts."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.look()

    def look(self) -> None:
        files = self._files
        self._duties: List[Tuple[str, str]] = []
        self._turns: List[Tuple[str, str]] = []
        for path in ("sys/devices/pwm-fan/cur_pwm", "sys/devices/pwm-fan/target_pwm"):  # r32
            if not self._duties and files.exists(path):
                self._duties.append(("pwm-fan", path))
        if self._duties and files.exists("sys/devices/pwm-fan/rpm_measured"):
            self._turns.append(("pwm-fan", "sys/devices/pwm-fan/rpm_measured"))
        for name in files.find("sys/class/hwmon/hwmon*/name"):
            folder, driver = name[: -len("/name")], files.text(name)
            # On r32 the same fan may stand in both places.
            if not (self._duties and driver == "tegra_pwmfan") and files.exists(folder + "/pwm1"):
                self._duties.append((driver, folder + "/pwm1"))
            for path in (folder + "/rpm", folder + "/fan1_input"):
                if files.exists(path):
                    self._turns.append((driver, path))
                    break

    def read(self) -> Dict[str, Dict[str, Optional[float]]]:
        """{percent, rpm} by the driver's name; where there is one duty and one count, they are one fan's."""
        fans: Dict[str, Dict[str, Optional[float]]] = {}
        for name, path in self._duties:
            fans.setdefault(name, {})["percent"] = scaled(self._files.number(path), 100.0 / 255.0, 1)
        alone = self._duties[0][0] if len(self._duties) == len(self._turns) == 1 else ""
        for name, path in self._turns:
            fans.setdefault(alone or name, {})["rpm"] = self._files.number(path)
        return fans
