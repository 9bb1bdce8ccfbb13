/* nvvidconv: what the VIC does to pictures, done by GStreamer's own converter. */

#include "elements.h"

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>

#include "converter_caps.h"
#include "element_properties.h"
#include "nvmm.h"
#include "picture.h"
#include "properties.h"
#include "release.h"
#include "scaler.h"

typedef struct
{
  GstBaseTransform parent;
  gboolean nvmm_in, nvmm_out;
  GstVideoInfo in, out;
  GstVideoRectangle crop;
  Scaler *scaler;
  GstBufferPool *pool;
} Converter;

typedef GstBaseTransformClass ConverterClass;

static GType converter_get_type (void);
/* Boards' name for it, which is in the path of its messages. */
typedef Converter Gstnvvconv;
typedef ConverterClass GstnvvconvClass;
G_DEFINE_TYPE (Gstnvvconv, converter, GST_TYPE_BASE_TRANSFORM)

static gint
flip_method (Converter * self)
{
  return property_number (self, "flip-method");
}

/* Whether a part of the picture is asked for. Coordinates of a rectangle, not margins. */
static gboolean
find_crop (Converter * self)
{
  gint left = property_number (self, "left"), right = property_number (self, "right");
  gint top = property_number (self, "top"), bottom = property_number (self, "bottom");

  self->crop = (GstVideoRectangle) { left, top, right - left, bottom - top };
  return left != 0 || right != 0 || top != 0 || bottom != 0;
}

static gboolean
crop_fits (Converter * self)
{
  return self->crop.w > 0 && self->crop.x + self->crop.w <= self->in.width && self->crop.h > 0
      && self->crop.y + self->crop.h <= self->in.height;
}

/* --- negotiation --------------------------------------------------------------------------------------------- */

static GstCaps *
fixate_caps (GstBaseTransform * trans, GstPadDirection direction, GstCaps * caps, GstCaps * others)
{
  return converter_fixate (direction, caps, others, picture_turns_sideways (flip_method ((Converter *) trans)));
}

static void
clear (Converter * self)
{
  g_clear_pointer (&self->scaler, scaler_free);
  GST_OBJECT_LOCK (self);
  GstBufferPool *pool = self->pool;
  self->pool = NULL;
  GST_OBJECT_UNLOCK (self);
  nvmm_pool_clear (&pool);
}

static gboolean
set_caps (GstBaseTransform * trans, GstCaps * in, GstCaps * out)
{
  Converter *self = (Converter *) trans;

  clear (self);
  self->nvmm_in = nvmm_caps (in);
  self->nvmm_out = nvmm_caps (out);
  if (!gst_video_info_from_caps (&self->in, in) || !gst_video_info_from_caps (&self->out, out))
    return FALSE;
  gboolean crops = find_crop (self);
  gboolean same = self->nvmm_in == self->nvmm_out && self->in.width == self->out.width
      && self->in.height == self->out.height && self->in.finfo->format == self->out.finfo->format
      && !crops && flip_method (self) == 0 && property_number (self, "bl-output") != 0;
  gst_base_transform_set_passthrough (trans, same);
  if (same)
    return TRUE;
  if (self->nvmm_out)
    self->pool = nvmm_pool_new (out, property_number (self, "output-buffers"));
  if (crops && !crop_fits (self))
    return TRUE; /* fails with the first picture */
  self->scaler = scaler_new (&self->in, &self->out, flip_method (self),
      property_number (self, "interpolation-method"), crops ? &self->crop : NULL);
  return self->scaler != NULL;
}

/* --- the pictures -------------------------------------------------------------------------------------------- */

static GstBufferPool *
pool_of (Converter * self)
{
  GST_OBJECT_LOCK (self);
  GstBufferPool *pool = self->pool != NULL ? gst_object_ref (self->pool) : NULL;
  GST_OBJECT_UNLOCK (self);
  return pool;
}

static GstFlowReturn
prepare_output_buffer (GstBaseTransform * trans, GstBuffer * in, GstBuffer ** out)
{
  Converter *self = (Converter *) trans;
  GstBaseTransformClass *parent = GST_BASE_TRANSFORM_CLASS (converter_parent_class);

  if (gst_base_transform_is_passthrough (trans) || !self->nvmm_out)
    return parent->prepare_output_buffer (trans, in, out);
  GstBufferPool *pool = pool_of (self);
  if (pool == NULL)
    return GST_FLOW_FLUSHING;
  GstFlowReturn flow = gst_buffer_pool_acquire_buffer (pool, out, NULL);
  gst_object_unref (pool);
  if (flow == GST_FLOW_OK)
    gst_buffer_copy_into (*out, in, GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  return flow;
}

static GstFlowReturn
transform (GstBaseTransform * trans, GstBuffer * in, GstBuffer * out)
{
  Converter *self = (Converter *) trans;
  GstVideoFrame from, to;
  gboolean done = FALSE;

  if (release_get () == RELEASE_R32 && !self->nvmm_in && !self->nvmm_out) {
    GST_ERROR_OBJECT (self, "no transform from system memory to system memory");
    return GST_FLOW_ERROR;
  }
  if (self->scaler == NULL) {
    GST_ERROR_OBJECT (self, "the rectangle to crop is not in the picture");
    return GST_FLOW_ERROR;
  }
  if (nvmm_frame_map (&from, &self->in, in, self->nvmm_in, GST_MAP_READ)) {
    if (nvmm_frame_map (&to, &self->out, out, self->nvmm_out, GST_MAP_WRITE)) {
      scaler_frame (self->scaler, &from, &to);
      gst_video_frame_unmap (&to);
      done = TRUE;
    }
    gst_video_frame_unmap (&from);
  }
  return done ? GST_FLOW_OK : GST_FLOW_ERROR;
}

/* --- the element --------------------------------------------------------------------------------------------- */

static gboolean
sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstBufferPool *pool = pool_of ((Converter *) trans);

  if (pool != NULL && GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START)
    gst_buffer_pool_set_flushing (pool, TRUE);
  if (pool != NULL && GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    gst_buffer_pool_set_flushing (pool, FALSE);
  gst_clear_object (&pool);
  return GST_BASE_TRANSFORM_CLASS (converter_parent_class)->sink_event (trans, event);
}

static GstStateChangeReturn
change_state (GstElement * element, GstStateChange transition)
{
  GstBufferPool *pool = pool_of ((Converter *) element);

  if (pool != NULL && transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gst_buffer_pool_set_flushing (pool, TRUE);
  gst_clear_object (&pool);
  return GST_ELEMENT_CLASS (converter_parent_class)->change_state (element, transition);
}

static gboolean
stop (GstBaseTransform * trans)
{
  clear ((Converter *) trans);
  return TRUE;
}

/* Turning changes the size of the output: negotiated again before the next picture. */
static void
notify (GObject * object, GParamSpec * spec)
{
  if (g_str_equal (spec->name, "flip-method"))
    gst_base_transform_reconfigure_src (GST_BASE_TRANSFORM (object));
}

static void
finalize (GObject * object)
{
  clear ((Converter *) object);
  G_OBJECT_CLASS (converter_parent_class)->finalize (object);
}

static void
add_template (GstElementClass * element, const gchar * name, GstPadDirection direction, GstCaps * caps)
{
  gst_element_class_add_pad_template (element, gst_pad_template_new (name, direction, GST_PAD_ALWAYS, caps));
  gst_caps_unref (caps);
}

static void
converter_class_init (ConverterClass * klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);

  properties_install (G_OBJECT_CLASS (klass), converter_properties);
  G_OBJECT_CLASS (klass)->notify = notify;
  G_OBJECT_CLASS (klass)->finalize = finalize;
  element->change_state = change_state;
  add_template (element, "src", GST_PAD_SRC, converter_src_caps ());
  add_template (element, "sink", GST_PAD_SINK, converter_sink_caps ());
  gst_element_class_set_static_metadata (element, "NvVidConv Plugin", "Filter/Converter/Video/Scaler",
      "Converts video from one colorspace to another & Resizes", "simulated");
  klass->passthrough_on_same_caps = TRUE;
  klass->transform_caps = converter_transform_caps;
  klass->fixate_caps = fixate_caps;
  klass->get_unit_size = converter_unit_size;
  klass->transform_size = converter_transform_size;
  klass->set_caps = set_caps;
  klass->prepare_output_buffer = prepare_output_buffer;
  klass->transform = transform;
  klass->sink_event = sink_event;
  klass->stop = stop;
}

static void
converter_init (Converter * self)
{
  (void) self;
}

gboolean
converter_register (GstPlugin * plugin)
{
  return gst_element_register (plugin, "nvvidconv", GST_RANK_PRIMARY, converter_get_type ());
}
