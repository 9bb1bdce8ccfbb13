#include "usb_picture.h"

#include <gst/video/video.h>

#include "camera_picture.h"

struct UsbPictures
{
  GstVideoInfo painted, wanted;
  GstVideoConverter *converter;
  /* For JPEG: what encodes, and the pads around it. What was encoded is kept: it comes again. */
  GstElement *encoder;
  GstPad *into, *from;
  GstBuffer *encoded[CAMERA_ROUND], *last;
};

static GstFlowReturn
encoded (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  UsbPictures *self = gst_pad_get_element_private (pad);

  (void) parent;
  gst_clear_buffer (&self->last);
  self->last = buffer;
  return GST_FLOW_OK;
}

static gboolean
event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  (void) pad;
  (void) parent;
  gst_event_unref (event);
  return TRUE;
}

static void
start_encoder (UsbPictures * self)
{
  GstCaps *caps = gst_video_info_to_caps (&self->wanted);
  GstPad *sink = gst_element_get_static_pad (self->encoder, "sink"), *src = gst_element_get_static_pad (self->encoder,
      "src");
  GstSegment segment;

  g_object_set (self->encoder, "quality", 95, NULL);
  self->into = gst_object_ref_sink (gst_pad_new ("into", GST_PAD_SRC));
  self->from = gst_object_ref_sink (gst_pad_new ("from", GST_PAD_SINK));
  gst_pad_set_element_private (self->from, self);
  gst_pad_set_chain_function (self->from, encoded);
  gst_pad_set_event_function (self->from, event);
  gst_pad_link_full (self->into, sink, GST_PAD_LINK_CHECK_NOTHING);
  gst_pad_link_full (src, self->from, GST_PAD_LINK_CHECK_NOTHING);
  gst_object_unref (sink);
  gst_object_unref (src);
  gst_pad_set_active (self->into, TRUE);
  gst_pad_set_active (self->from, TRUE);
  gst_element_set_state (self->encoder, GST_STATE_PLAYING);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (self->into, gst_event_new_stream_start ("usb"));
  gst_pad_push_event (self->into, gst_event_new_caps (caps));
  gst_pad_push_event (self->into, gst_event_new_segment (&segment));
  gst_caps_unref (caps);
}

UsbPictures *
usb_pictures_new (GstCaps * caps)
{
  GstStructure *structure = gst_caps_get_structure (caps, 0);
  UsbPictures *self = g_new0 (UsbPictures, 1);
  gint width, height;

  gst_structure_get (structure, "width", G_TYPE_INT, &width, "height", G_TYPE_INT, &height, NULL);
  gst_video_info_set_format (&self->painted, GST_VIDEO_FORMAT_NV12, width, height);
  if (gst_structure_has_name (structure, "image/jpeg")) {
    self->encoder = gst_element_factory_make ("jpegenc", NULL);
    if (self->encoder == NULL) {
      g_free (self);
      return NULL;
    }
    gst_object_ref_sink (self->encoder);
    gst_video_info_set_format (&self->wanted, GST_VIDEO_FORMAT_I420, width, height);
    start_encoder (self);
  } else {
    gst_video_info_from_caps (&self->wanted, caps);
    /* The same colours, which a conversion would change a little; of another rate it makes nothing. */
    self->painted.colorimetry = self->wanted.colorimetry;
    self->painted.fps_n = self->wanted.fps_n;
    self->painted.fps_d = self->wanted.fps_d;
  }
  self->converter = gst_video_converter_new (&self->painted, &self->wanted, NULL);
  return self;
}

void
usb_pictures_free (UsbPictures * self)
{
  if (self == NULL)
    return;
  if (self->encoder != NULL) {
    gst_element_set_state (self->encoder, GST_STATE_NULL);
    gst_pad_set_active (self->into, FALSE);
    gst_pad_set_active (self->from, FALSE);
    gst_object_unref (self->encoder);
    gst_object_unref (self->into);
    gst_object_unref (self->from);
  }
  for (guint i = 0; i < CAMERA_ROUND; i++)
    gst_clear_buffer (&self->encoded[i]);
  gst_clear_buffer (&self->last);
  gst_video_converter_free (self->converter);
  g_free (self);
}

static GstBuffer *
paint (UsbPictures * self, gint sensor, guint64 number)
{
  GstBuffer *plain = gst_buffer_new_and_alloc (GST_VIDEO_INFO_SIZE (&self->painted));
  GstBuffer *buffer = gst_buffer_new_and_alloc (GST_VIDEO_INFO_SIZE (&self->wanted));
  GstVideoFrame from, to;

  gst_video_frame_map (&from, &self->painted, plain, GST_MAP_READWRITE);
  gst_video_frame_map (&to, &self->wanted, buffer, GST_MAP_WRITE);
  camera_paint (&from, sensor, number);
  gst_video_converter_frame (self->converter, &from, &to);
  gst_video_frame_unmap (&from);
  gst_video_frame_unmap (&to);
  gst_buffer_unref (plain);
  return buffer;
}

GstBuffer *
usb_pictures_take (UsbPictures * self, gint sensor, guint64 number)
{
  GstBuffer **kept = &self->encoded[number % CAMERA_ROUND];

  if (self->encoder == NULL)
    return paint (self, sensor, number);
  if (*kept == NULL) {
    gst_pad_push (self->into, paint (self, sensor, number));
    *kept = self->last;
    self->last = NULL;
  }
  return *kept != NULL ? gst_buffer_copy (*kept) : NULL;
}
