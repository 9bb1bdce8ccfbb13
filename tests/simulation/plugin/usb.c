/* v4l2src: the USB cameras that the environment names, in GStreamer's own element's place. */

#include "elements.h"

#include <errno.h>
#include <gst/base/gstpushsrc.h>

#include "element_properties.h"
#include "properties.h"
#include "ticker.h"
#include "usb_camera.h"
#include "usb_picture.h"

/* How often the control file is looked at while nothing comes. */
#define LOOK_US 50000

static const gchar src_caps[] =
    "image/jpeg; "
    "video/x-raw, format=(string){ GRAY8, YV12, YUY2, UYVY, NV12, I420, BGRx, BGR, RGB }, "
    "width=(int)[ 1, 32768 ], height=(int)[ 1, 32768 ], framerate=(fraction)[ 0, MAX ]";

typedef struct
{
  GstPushSrc parent;
  gchar *device;
  /* What the open device offers; NULL while it is closed. */
  GstCaps *forms;
  UsbPictures *pictures;
  gint camera;
  guint64 number;
  gint64 length, due;
  Ticker ticker;
} Usb;

typedef GstPushSrcClass UsbClass;

/* Boards' name for it, which is in the path of its messages. */
typedef Usb GstV4l2Src;
typedef UsbClass GstV4l2SrcClass;
static GType usb_get_type (void);
G_DEFINE_TYPE (GstV4l2Src, usb, GST_TYPE_PUSH_SRC)

/* --- the device ---------------------------------------------------------------------------------------------- */

static gboolean
open_device (Usb * self)
{
  gchar *device = property_string (self, "device");
  GstCaps *forms = usb_camera_forms (device);
  UsbState state = usb_camera_state (device);
  gboolean works = forms != NULL && state != USB_MISSING && state != USB_DENIED;

  if (forms == NULL || state == USB_MISSING) {
    GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND, ("Cannot identify device '%s'.", device),
        ("system error: %s", g_strerror (ENOENT)));
  } else if (state == USB_DENIED) {
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ_WRITE, ("Could not open device '%s' for reading and writing.", device),
        ("system error: %s", g_strerror (EACCES)));
  }
  g_free (self->device);
  self->device = device;
  self->camera = usb_camera_number (device);
  if (!works) {
    gst_clear_caps (&forms);
    return FALSE;
  }
  property_put_string (self, "device-name", "Simulated USB Camera");
  GST_OBJECT_LOCK (self);
  self->forms = forms;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static void
close_device (Usb * self)
{
  GST_OBJECT_LOCK (self);
  gst_clear_caps (&self->forms);
  GST_OBJECT_UNLOCK (self);
}

static GstStateChangeReturn
change_state (GstElement * element, GstStateChange transition)
{
  Usb *self = (Usb *) element;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !open_device (self))
    return GST_STATE_CHANGE_FAILURE;
  GstStateChangeReturn done = GST_ELEMENT_CLASS (usb_parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL)
    close_device (self);
  return done;
}

/* --- the stream ---------------------------------------------------------------------------------------------- */

static GstCaps *
get_caps (GstBaseSrc * base, GstCaps * filter)
{
  Usb *self = (Usb *) base;

  GST_OBJECT_LOCK (self);
  GstCaps *caps = self->forms != NULL ? gst_caps_ref (self->forms) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (caps == NULL)
    caps = gst_pad_get_pad_template_caps (GST_BASE_SRC_PAD (base));
  if (filter != NULL) {
    GstCaps *all = caps;
    caps = gst_caps_intersect_full (filter, all, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref (all);
  }
  return caps;
}

static gboolean
set_caps (GstBaseSrc * base, GstCaps * caps)
{
  Usb *self = (Usb *) base;
  GstStructure *structure = gst_caps_get_structure (caps, 0);
  const gchar *format = gst_structure_get_string (structure, "format");
  gint width, height, rate, per;

  if (!gst_structure_get (structure, "width", G_TYPE_INT, &width, "height", G_TYPE_INT, &height, "framerate",
          GST_TYPE_FRACTION, &rate, &per, NULL))
    return FALSE;
  if (usb_camera_state (self->device) == USB_BUSY) {
    GST_ELEMENT_ERROR (self, RESOURCE, BUSY, ("Device '%s' is busy", self->device),
        ("Call to S_FMT failed for %s @ %dx%d: %s", format != NULL ? format : "MJPG", width, height,
            g_strerror (EBUSY)));
    return FALSE;
  }
  usb_pictures_free (self->pictures);
  self->pictures = usb_pictures_new (caps);
  self->length = gst_util_uint64_scale (G_USEC_PER_SEC, per, rate);
  self->due = g_get_monotonic_time ();
  return self->pictures != NULL;
}

static GstClockTime
running_time (Usb * self)
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
  Usb *self = (Usb *) src;
  UsbState state;

  do {
    if (!ticker_wait (&self->ticker, self->due))
      return GST_FLOW_FLUSHING;
    state = usb_camera_state (self->device);
    self->due = MAX (self->due, g_get_monotonic_time () - self->length);
    self->due += state == USB_STALL ? LOOK_US : self->length;
  } while (state == USB_STALL);
  if (state == USB_MISSING) {
    GST_ELEMENT_ERROR (self, RESOURCE, READ, (NULL), ("poll error 1: %s (%d)", g_strerror (ENODEV), ENODEV));
    return GST_FLOW_ERROR;
  }
  *buffer = usb_pictures_take (self->pictures, self->camera, ++self->number);
  if (*buffer == NULL)
    return GST_FLOW_ERROR;
  GST_BUFFER_PTS (*buffer) = running_time (self);
  GST_BUFFER_DURATION (*buffer) = self->length * GST_USECOND;
  GST_BUFFER_OFFSET (*buffer) = self->number;
  return GST_FLOW_OK;
}

static gboolean
unlock (GstBaseSrc * base)
{
  ticker_unlock (&((Usb *) base)->ticker, TRUE);
  return TRUE;
}

static gboolean
unlock_stop (GstBaseSrc * base)
{
  ticker_unlock (&((Usb *) base)->ticker, FALSE);
  return TRUE;
}

static gboolean
stop (GstBaseSrc * base)
{
  Usb *self = (Usb *) base;

  g_clear_pointer (&self->pictures, usb_pictures_free);
  self->number = 0;
  return TRUE;
}

/* --- the element --------------------------------------------------------------------------------------------- */

static void
finalize (GObject * object)
{
  Usb *self = (Usb *) object;

  ticker_clear (&self->ticker);
  g_free (self->device);
  G_OBJECT_CLASS (usb_parent_class)->finalize (object);
}

static void
usb_class_init (UsbClass * klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *base = GST_BASE_SRC_CLASS (klass);
  GstCaps *caps = gst_caps_from_string (src_caps);

  gst_element_class_add_pad_template (element, gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_caps_unref (caps);
  gst_element_class_set_static_metadata (element, "Video (video4linux2) Source", "Source/Video",
      "Reads frames from a Video4Linux2 device", "simulated");
  properties_install (G_OBJECT_CLASS (klass), usb_properties);
  G_OBJECT_CLASS (klass)->finalize = finalize;
  element->change_state = change_state;
  base->get_caps = get_caps;
  base->set_caps = set_caps;
  base->unlock = unlock;
  base->unlock_stop = unlock_stop;
  base->stop = stop;
  klass->create = create;
}

static void
usb_init (Usb * self)
{
  ticker_init (&self->ticker);
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}

gboolean
usb_register (GstPlugin * plugin)
{
  return gst_element_register (plugin, "v4l2src", GST_RANK_PRIMARY, usb_get_type ());
}
