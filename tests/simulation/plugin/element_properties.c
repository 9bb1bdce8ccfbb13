#include "element_properties.h"

const Property decoder_properties[] = {
  {.name = "skip-frames",.kind = PROPERTY_ENUM,.type = "SkipFrame",
        .values = "0:decode_all,1:decode_non_ref,2:decode_key"},
  {.name = "drop-frame-interval",.kind = PROPERTY_UINT,.most = 30},
  {.name = "num-extra-surfaces",.kind = PROPERTY_UINT,.most = 55,.initially = 1},
  {.name = "mjpeg",.kind = PROPERTY_BOOLEAN},
  /* What follows is taken and told, and changes nothing here. */
  {.name = "disable-dpb",.kind = PROPERTY_BOOLEAN},
  {.name = "enable-full-frame",.kind = PROPERTY_BOOLEAN},
  {.name = "enable-frame-type-reporting",.kind = PROPERTY_BOOLEAN},
  {.name = "enable-error-check",.kind = PROPERTY_BOOLEAN},
  {.name = "enable-max-performance",.kind = PROPERTY_BOOLEAN,.until = RELEASE_R36},
  {.name = "bufapi-version",.kind = PROPERTY_BOOLEAN,.until = RELEASE_R32},
  {.name = "capture-buffer-dynamic-allocation",.kind = PROPERTY_ENUM,.type = "CaptureBufferDynamicAllocationModes",
        .values = "0:cap_buf_dyn_alloc_disabled,1:fw_cap_buf_dyn_alloc_enabled,"
        "2:rw_cap_buf_dyn_alloc_enabled,3:fw_rw_cap_buf_dyn_alloc_enabled"},
  {.name = "output-io-mode",.kind = PROPERTY_ENUM,.type = "NvV4l2DecOutputIOMode",
        .values = "0:auto,2:mmap,3:userptr"},
  {.name = "capture-io-mode",.kind = PROPERTY_ENUM,.type = "NvV4l2DecCaptureIOMode",.values = "0:auto,2:mmap"},
  {.name = NULL},
};

const Property converter_properties[] = {
  {.name = "silent",.kind = PROPERTY_BOOLEAN},
  {.name = "flip-method",.kind = PROPERTY_ENUM,.type = "GstNvVideoFlipMethod",
        .values = "0:none,1:counterclockwise,2:rotate-180,3:clockwise,4:horizontal-flip,"
        "5:upper-right-diagonal,6:vertical-flip,7:upper-left-diagonal"},
  {.name = "output-buffers",.kind = PROPERTY_UINT,.least = 1,.most = G_MAXUINT,.initially = 4},
  {.name = "interpolation-method",.kind = PROPERTY_ENUM,.type = "GstInterpolationMethod",
        .values = "0:Nearest,1:Bilinear,2:5-Tap,3:10-Tap,4:Smart,5:Nicest"},
  {.name = "left",.kind = PROPERTY_INT,.most = G_MAXINT},
  {.name = "right",.kind = PROPERTY_INT,.most = G_MAXINT},
  {.name = "top",.kind = PROPERTY_INT,.most = G_MAXINT},
  {.name = "bottom",.kind = PROPERTY_INT,.most = G_MAXINT},
  {.name = "bl-output",.kind = PROPERTY_BOOLEAN,.initially = TRUE},
  {.name = "compute-hw",.kind = PROPERTY_ENUM,.type = "GstNvVidConvComputeHWType",
        .values = "0:Default,1:GPU,2:VIC",.since = RELEASE_R35},
  {.name = "gpu-id",.kind = PROPERTY_UINT,.most = G_MAXUINT,.since = RELEASE_R35},
  {.name = "nvbuf-memory-type",.kind = PROPERTY_ENUM,.type = "GstNvVidConvBufMemoryType",
        .values = "0:nvbuf-mem-default,1:nvbuf-mem-cuda-pinned,2:nvbuf-mem-cuda-device,4:nvbuf-mem-surface-array",
        .since = RELEASE_R35},
  {.name = NULL},
};

const Property camera_properties[] = {
  {.name = "sensor-id",.kind = PROPERTY_INT,.most = G_MAXUINT8},
  {.name = "sensor-mode",.kind = PROPERTY_INT,.least = -1,.most = G_MAXUINT8,.initially = -1},
  {.name = "total-sensor-modes",.kind = PROPERTY_INT,.most = G_MAXUINT8,.read_only = TRUE},
  {.name = "timeout",.kind = PROPERTY_UINT,.most = G_MAXINT},
  /* What follows is taken and told, and changes nothing here but where a range is refused. */
  {.name = "silent",.kind = PROPERTY_BOOLEAN,.initially = TRUE},
  {.name = "bufapi-version",.kind = PROPERTY_BOOLEAN,.until = RELEASE_R32},
  {.name = "wbmode",.kind = PROPERTY_ENUM,.initially = 1,.type = "GstNvArgusCamWBMode",
        .values = "0:off,1:auto,2:incandescent,3:fluorescent,4:warm-fluorescent,5:daylight,6:cloudy-daylight,"
        "7:twilight,8:shade,9:manual"},
  {.name = "saturation",.kind = PROPERTY_FLOAT,.most = 2,.initially = 1},
  {.name = "exposuretimerange",.kind = PROPERTY_STRING},
  {.name = "gainrange",.kind = PROPERTY_STRING},
  {.name = "ispdigitalgainrange",.kind = PROPERTY_STRING},
  {.name = "tnr-strength",.kind = PROPERTY_FLOAT,.least = -1,.most = 1,.initially = -1},
  {.name = "tnr-mode",.kind = PROPERTY_ENUM,.initially = 1,.type = "GstNvArgusCamTNRMode",
        .values = "0:NoiseReduction_Off,1:NoiseReduction_Fast,2:NoiseReduction_HighQuality"},
  {.name = "ee-strength",.kind = PROPERTY_FLOAT,.least = -1,.most = 1,.initially = -1},
  {.name = "ee-mode",.kind = PROPERTY_ENUM,.initially = 1,.type = "GstNvArgusCamEEMode",
        .values = "0:EdgeEnhancement_Off,1:EdgeEnhancement_Fast,2:EdgeEnhancement_HighQuality"},
  {.name = "aeantibanding",.kind = PROPERTY_ENUM,.initially = 1,.type = "GstNvArgusCamAeAntiBandingMode",
        .values = "0:AeAntibandingMode_Off,1:AeAntibandingMode_Auto,2:AeAntibandingMode_50HZ,3:AeAntibandingMode_60HZ"},
  {.name = "exposurecompensation",.kind = PROPERTY_FLOAT,.least = -2,.most = 2},
  {.name = "aelock",.kind = PROPERTY_BOOLEAN},
  {.name = "awblock",.kind = PROPERTY_BOOLEAN},
  {.name = "aeregion",.kind = PROPERTY_STRING,.since = RELEASE_R35},
  {.name = "event-wait",.kind = PROPERTY_UINT64,.initially = CAMERA_EVENT_WAIT_NS,.since = RELEASE_R35},
  {.name = "acquire-wait",.kind = PROPERTY_UINT64,.initially = CAMERA_ACQUIRE_WAIT_NS,.since = RELEASE_R35},
  {.name = NULL},
};

const Property jpeg_properties[] = {
  {.name = "quality",.kind = PROPERTY_INT,.most = 100,.initially = 85},
  {.name = NULL},
};

const Property h264_properties[] = {
  {.name = "bitrate",.kind = PROPERTY_UINT,.most = G_MAXUINT,.initially = 4000000},
  {.name = "control-rate",.kind = PROPERTY_ENUM,.initially = 1,.type = "GstV4l2VideoEncRateControlType",
        .values = "0:variable_bitrate,1:constant_bitrate"},
  {.name = "iframeinterval",.kind = PROPERTY_UINT,.most = G_MAXUINT,.initially = 30},
  {.name = "idrinterval",.kind = PROPERTY_UINT,.most = G_MAXUINT,.initially = 256},
  {.name = "insert-sps-pps",.kind = PROPERTY_BOOLEAN},
  {.name = "preset-level",.kind = PROPERTY_ENUM,.initially = 1,.type = "GstV4L2VideoEncHwPreset",
        .values = "0:DisablePreset,1:UltraFastPreset,2:FastPreset,3:MediumPreset,4:SlowPreset"},
  {.name = "profile",.kind = PROPERTY_ENUM,.type = "GstV4l2VideoEncProfileType",
        .values = "0:Baseline,2:Main,4:High"},
  {.name = "maxperf-enable",.kind = PROPERTY_BOOLEAN},
  {.name = NULL},
};

const Property jpeg_decoder_properties[] = {
  /* What follows is taken and told, and changes nothing here. */
  {.name = "idct-method",.kind = PROPERTY_ENUM,.initially = 1,.type = "GstNvJpegDecIDCTMethod",
        .values = "0:islow,1:ifast,2:float"},
  {.name = "max-errors",.kind = PROPERTY_INT,.least = -1,.most = G_MAXINT},
  {.name = NULL},
};

const Property usb_properties[] = {
  {.name = "device",.kind = PROPERTY_STRING,.text = "/dev/video0"},
  {.name = "device-name",.kind = PROPERTY_STRING,.read_only = TRUE},
  /* What follows is taken and told, and changes nothing here. */
  {.name = "device-fd",.kind = PROPERTY_INT,.least = -1,.most = G_MAXINT,.initially = -1,.read_only = TRUE},
  {.name = "io-mode",.kind = PROPERTY_ENUM,.type = "GstV4l2IOMode",
        .values = "0:auto,1:rw,2:mmap,3:userptr,4:dmabuf,5:dmabuf-import"},
  {.name = "pixel-aspect-ratio",.kind = PROPERTY_STRING},
  {.name = "force-aspect-ratio",.kind = PROPERTY_BOOLEAN,.initially = TRUE},
  {.name = "brightness",.kind = PROPERTY_INT,.least = G_MININT,.most = G_MAXINT},
  {.name = "contrast",.kind = PROPERTY_INT,.least = G_MININT,.most = G_MAXINT},
  {.name = "saturation",.kind = PROPERTY_INT,.least = G_MININT,.most = G_MAXINT},
  {.name = "hue",.kind = PROPERTY_INT,.least = G_MININT,.most = G_MAXINT},
  {.name = "crop-left",.kind = PROPERTY_UINT,.most = G_MAXUINT,.since = RELEASE_R38},
  {.name = "crop-right",.kind = PROPERTY_UINT,.most = G_MAXUINT,.since = RELEASE_R38},
  {.name = "crop-top",.kind = PROPERTY_UINT,.most = G_MAXUINT,.since = RELEASE_R38},
  {.name = "crop-bottom",.kind = PROPERTY_UINT,.most = G_MAXUINT,.since = RELEASE_R38},
  {.name = NULL},
};
