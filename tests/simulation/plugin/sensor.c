#include "sensor.h"

#include "element_properties.h"

/* How often the control file is looked at while nothing comes. */
#define LOOK_US 50000

void
sensor_begin (Sensor * self, const GstVideoInfo * info)
{
  self->length = gst_util_uint64_scale (G_USEC_PER_SEC, info->fps_d, info->fps_n);
  self->began = self->due = g_get_monotonic_time ();
  self->quiet = 0;
}

static gdouble
patience_us (GstElement * camera, const gchar * property, gdouble otherwise_ns)
{
  gboolean has = g_object_class_find_property (G_OBJECT_GET_CLASS (camera), property) != NULL;

  return (has ? property_number (camera, property) : otherwise_ns) / 1000;
}

GstFlowReturn
sensor_next (Sensor * self, GstElement * camera, ArgusEvent * event)
{
  gint64 length = self->length;
  guint timeout = property_number (camera, "timeout");
  gint sensor = property_number (camera, "sensor-id"), status = argus_status ("TIMEOUT");

  while (ticker_wait (&self->ticker, self->due)) {
    gint64 now = g_get_monotonic_time ();
    *event = argus_next (sensor, &status);
    if (timeout > 0 && now - self->began > timeout * G_USEC_PER_SEC)
      return GST_FLOW_EOS;
    if (*event == ARGUS_ERROR) {
      argus_post_error (camera, status);
      return GST_FLOW_EOS;
    }
    if (*event != ARGUS_SILENT && *event != ARGUS_STALL) {
      self->quiet = 0;
      self->due = MAX (self->due, now - length) + length;
      return GST_FLOW_OK;
    }
    if (self->quiet == 0)
      self->quiet = now;
    if (*event == ARGUS_SILENT && now - self->quiet >= patience_us (camera, "event-wait", CAMERA_EVENT_WAIT_NS))
      return GST_FLOW_EOS;
    if (*event == ARGUS_STALL && now - self->quiet >= patience_us (camera, "acquire-wait", CAMERA_ACQUIRE_WAIT_NS)) {
      argus_post_error (camera, status);
      return GST_FLOW_EOS;
    }
    self->due = now + LOOK_US;
  }
  return GST_FLOW_FLUSHING;
}
