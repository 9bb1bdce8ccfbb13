"""What a board or a release does differently, where a pipeline, the doctor or the scheduler decides by it.

A property that merely exists or not is no quirk: every property is asked for before it is set.
"""

#: nvvidconv from system memory to system memory negotiates and then fails with FLOW_ERROR: one side must be NVMM.
#: Source: nvvidconv of L4T r32.7.
SYSTEM_TO_SYSTEM_FAILS = "system-to-system-fails"

#: nvarguscamerasrc ends with EOS, not with an error, when the camera gives no event for 3 s: EOS is a camera's fault.
#: Source: nvarguscamerasrc of L4T r32.7 and r35.4; taken to hold for r36 and r38, whose source was not found.
ARGUS_EOS_IS_FAULT = "argus-eos-is-fault"

#: The decoder's and the encoder's library runs ``lsmod | grep nvgpu``; without lsmod (package kmod, which images lack)
#: a decoder prerolls and gives no pictures, or fails to allocate. Source: libgstnvvideo4linux2 of r32 and r35; measured
#: on r36.5 in roboflow/inference#2817 and told in insight-platform/Savant#1161; of r38 it is only known that roboflow's
#: image for JetPack 7.2 has kmod too.
NEEDS_LSMOD = "needs-lsmod"

#: nvv4l2decoder has no ``enable-max-performance``. On Thor alone: Orin keeps it on the same release.
#: Source: OE4T/meta-tegra-community#187, looked up on both with R39.2.
NO_MAX_PERFORMANCE = "no-max-performance"

#: nvjpegenc takes I420, YV12 and GRAY8 from system memory and nothing else; before, it also took RGB and packed YUV.
#: Source: nvjpegenc of L4T r35.4; taken to hold for r36 and r38, whose source was not found.
JPEG_ENCODER_PLANAR_ONLY = "jpeg-encoder-planar-only"

#: FP16 on Orin's DLA is many times slower than INT8 there and than FP16 on the GPU (one user's AGX Orin, ResNet-50:
#: 17.7 ms, INT8 1.28 ms, GPU INT8 1.01 ms); Xavier's DLA is the stronger one in FP16.
DLA_FP16_IS_SLOW = "dla-fp16-is-slow"

ALL = frozenset(
    (
        SYSTEM_TO_SYSTEM_FAILS,
        ARGUS_EOS_IS_FAULT,
        NEEDS_LSMOD,
        NO_MAX_PERFORMANCE,
        JPEG_ENCODER_PLANAR_ONLY,
        DLA_FP16_IS_SLOW,
    )
)
