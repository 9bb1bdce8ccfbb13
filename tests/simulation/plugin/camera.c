/* nvarguscamerasrc: a live source of painted pictures. */

#include "elements.h"

#include <gst/base/gstpushsrc.h>
#include <gst/video/video.h>
#include <stdio.h>

#include "argus.h"
#include "camera_picture.h"
#include "element_properties.h"
#include "nvmm.h"
#include "properties.h"
#include "sensor.h"

#define BUFFERS 8
static const gchar src_caps[] =
    "video/x-raw(memory:NVMM), width=(int)[ 1, MAX ], height=(int)[ 1, MAX ], format=(string)%s, "
    "framerate=(fraction)[ 0, MAX ]";

typedef struct
{
  GstPushSrc parent;
  GstVideoInfo info;
  GstBufferPool *pool;
  gboolean open;
  guint64 number;
  GstClockTime last_pts;
  Sensor sensor;
} Camera;

typedef GstPushSrcClass CameraClass;

static GType camera_get_type (void);
/* Boards' name for it, which is in the path of its messages. */
typedef Camera GstNvArgusCameraSrc;
typedef CameraClass GstNvArgusCameraSrcClass;
G_DEFINE_TYPE (GstNvArgusCameraSrc, camera, GST_TYPE_PUSH_SRC)

/* --- the stream ---------------------------------------------------------------------------------------------- */

static GstCaps *
fixate (GstBaseSrc * base, GstCaps * caps)
{
  caps = gst_caps_make_writable (caps);
  GstStructure *structure = gst_caps_get_structure (caps, 0);
  gst_structure_fixate_field_nearest_int (structure, "width", 1920);
  gst_structure_fixate_field_nearest_int (structure, "height", 1080);
  gst_structure_fixate_field_nearest_fraction (structure, "framerate", 30, 1);
  return GST_BASE_SRC_CLASS (camera_parent_class)->fixate (base, caps);
}

static gboolean
set_caps (GstBaseSrc * base, GstCaps * caps)
{
  Camera *self = (Camera *) base;

  if (!gst_video_info_from_caps (&self->info, caps))
    return FALSE;
  if (self->info.fps_n == 0)
    gst_util_double_to_fraction (30, &self->info.fps_n, &self->info.fps_d);
  nvmm_pool_clear (&self->pool);
  self->pool = nvmm_pool_new (caps, BUFFERS);
  gint mode = argus_open (property_number (self, "sensor-id"), property_number (self, "sensor-mode"),
      self->info.width, self->info.height, self->info.fps_n, self->info.fps_d);
  /* A camera that cannot be opened is told of on stderr alone: the pipeline just gets EOS. */
  self->open = mode >= 0;
  if (self->open) {
    property_put_number (self, "sensor-mode", mode);
    property_put_number (self, "total-sensor-modes", argus_modes ());
  }
  sensor_begin (&self->sensor, &self->info);
  self->number = 0;
  return TRUE;
}

static GstClockTime
running_time (Camera * self)
{
  GstClock *clock = gst_element_get_clock (GST_ELEMENT (self));

  if (clock == NULL)
    return GST_CLOCK_TIME_NONE;
  GstClockTime now = gst_clock_get_time (clock), base = gst_element_get_base_time (GST_ELEMENT (self));
  gst_object_unref (clock);
  return now > base ? now - base : 0;
}

static GstFlowReturn
create (GstPushSrc * src, GstBuffer ** buffer)
{
  Camera *self = (Camera *) src;
  ArgusEvent event = ARGUS_FRAME;
  GstVideoFrame frame;

  GstFlowReturn flow = self->open ? sensor_next (&self->sensor, GST_ELEMENT (self), &event) : GST_FLOW_EOS;
  if (flow != GST_FLOW_OK)
    return flow;
  flow = gst_buffer_pool_acquire_buffer (self->pool, buffer, NULL);
  if (flow != GST_FLOW_OK)
    return flow;
  if (event == ARGUS_FRAME)
    self->number++;
  if (event != ARGUS_STALE || !GST_CLOCK_TIME_IS_VALID (self->last_pts))
    self->last_pts = running_time (self);
  nvmm_frame_map (&frame, &self->info, *buffer, TRUE, GST_MAP_WRITE);
  camera_paint (&frame, property_number (self, "sensor-id"), self->number);
  gst_video_frame_unmap (&frame);
  GST_BUFFER_PTS (*buffer) = self->last_pts;
  GST_BUFFER_DURATION (*buffer) = gst_util_uint64_scale (GST_SECOND, self->info.fps_d, self->info.fps_n);
  GST_BUFFER_OFFSET (*buffer) = self->number;
  return GST_FLOW_OK;
}

static gboolean
set_unlocked (Camera * self, gboolean unlocked)
{
  ticker_unlock (&self->sensor.ticker, unlocked);
  if (self->pool != NULL)
    gst_buffer_pool_set_flushing (self->pool, unlocked);
  return TRUE;
}

static gboolean
unlock (GstBaseSrc * base)
{
  return set_unlocked ((Camera *) base, TRUE);
}

static gboolean
unlock_stop (GstBaseSrc * base)
{
  return set_unlocked ((Camera *) base, FALSE);
}

static gboolean
stop (GstBaseSrc * base)
{
  Camera *self = (Camera *) base;

  if (self->open)
    puts ("GST_ARGUS: Cleaning up\nCONSUMER: Done Success\nGST_ARGUS: Done Success");
  fflush (stdout);
  self->open = FALSE;
  nvmm_pool_clear (&self->pool);
  return TRUE;
}

/* --- the element --------------------------------------------------------------------------------------------- */

static const struct
{
  const gchar *name;
  gdouble least, most;
} ranges[] = { {"exposuretimerange", 34000, 358733000}, {"gainrange", 1, 16}, {"ispdigitalgainrange", 1, 256} };

/* A range that is no two numbers within bounds is refused with words on stdout, and forgotten. */
static void
notify (GObject * object, GParamSpec * spec)
{
  gdouble low, high;

  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++) {
    gchar *text = g_str_equal (spec->name, ranges[i].name) ? property_string (object, spec->name) : NULL;
    gboolean two = text != NULL && sscanf (text, "%lf %lf", &low, &high) == 2;
    if (text != NULL && !(two && low >= ranges[i].least && high <= ranges[i].most)) {
      printf ("GST_ARGUS: Invalid %s Input\n", spec->name);
      property_put_string (object, spec->name, NULL);
    }
    g_free (text);
  }
}

static void
finalize (GObject * object)
{
  ticker_clear (&((Camera *) object)->sensor.ticker);
  G_OBJECT_CLASS (camera_parent_class)->finalize (object);
}

static void
camera_class_init (CameraClass * klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *base = GST_BASE_SRC_CLASS (klass);
  gchar *text = g_strdup_printf (src_caps, release_get () == RELEASE_R32 ? "{ NV12, P010_10LE }" : "NV12");
  GstCaps *caps = gst_caps_from_string (text);

  g_free (text);
  gst_element_class_add_pad_template (element, gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_caps_unref (caps);
  gst_element_class_set_static_metadata (element, "NvArgusCameraSrc", "Video/Capture", "nVidia ARGUS Camera Source",
      "simulated");
  properties_install (G_OBJECT_CLASS (klass), camera_properties);
  G_OBJECT_CLASS (klass)->notify = notify;
  G_OBJECT_CLASS (klass)->finalize = finalize;
  base->fixate = fixate;
  base->set_caps = set_caps;
  base->unlock = unlock;
  base->unlock_stop = unlock_stop;
  base->stop = stop;
  klass->create = create;
}

static void
camera_init (Camera * self)
{
  ticker_init (&self->sensor.ticker);
  self->last_pts = GST_CLOCK_TIME_NONE;
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
  gst_base_src_set_do_timestamp (GST_BASE_SRC (self), TRUE);
}

gboolean
camera_register (GstPlugin * plugin)
{
  return gst_element_register (plugin, "nvarguscamerasrc", GST_RANK_PRIMARY, camera_get_type ());
}
