"""Where a telemetry worker reads: jtop, the kernel's files, NVML. Python 3.6 with the standard library alone.

Every source gives a part of one dictionary, in these units, and leaves out what it cannot read:

    gpus           list of {name, load (%), mhz, limit_mhz, memory_used_mib, memory_total_mib, decoder_load (%), ...}
    engine_clocks  by engine (dla0, nvdec, nvenc, vic): {on, mhz}: the state of its clock, which is no load
    cpu            {load (%), cores (list of %), mhz, limit_mhz, max_mhz}
    memory         {total_mib, used_mib, swap_total_mib, swap_used_mib, emc_load (%), emc_mhz}
    temperatures   by sensor, in degrees Celsius
    power_mw       by rail; ``total`` where one rail is the board's input
    fans           by name: {percent, rpm}
    throttling     list of words: what holds the clocks down at this moment
"""
