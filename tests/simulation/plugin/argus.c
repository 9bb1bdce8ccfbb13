#include "argus.h"

#include <stdio.h>
#include <stdlib.h>

#include "release.h"

static const struct
{
  gint width, height, fps;
} modes[] = { {3280, 2464, 21}, {3280, 1848, 28}, {1920, 1080, 30}, {1640, 1232, 30}, {1280, 720, 60} };

/* Argus::Status, by value. */
static const gchar *const statuses[] = {
  "OK", "INVALID_PARAMS", "INVALID_SETTINGS", "UNAVAILABLE", "OUT_OF_MEMORY", "UNIMPLEMENTED", "TIMEOUT", "CANCELLED",
  "DISCONNECTED", "END_OF_STREAM",
};

guint
argus_modes (void)
{
  return G_N_ELEMENTS (modes);
}

static gint
sensors (void)
{
  const gchar *number = g_getenv ("EDGE_SIMULATED_SENSORS");

  return number != NULL ? atoi (number) : 2;
}

/* The smallest that holds the picture at this rate; the first when none does. */
static gint
best_mode (gint width, gint height, gdouble fps)
{
  gint best = -1;

  for (gint i = 0; i < (gint) G_N_ELEMENTS (modes); i++)
    if (width <= modes[i].width && height <= modes[i].height && fps <= modes[i].fps
        && (best < 0 || modes[i].width <= modes[best].width))
      best = i;
  return MAX (best, 0);
}

gint
argus_open (gint sensor, gint mode, gint width, gint height, gint fps_n, gint fps_d)
{
  const gchar *where = "Error generated. /dvs/git/dirty/git-master_linux/multimedia/nvgstreamer/gst-nvarguscamera/"
      "gstnvarguscamerasrc.cpp, execute";
  gdouble fps = (gdouble) fps_n / fps_d;

  if (sensors () == 0) {
    fprintf (stderr, "%s No cameras available\n", where);
    return -1;
  }
  if (sensor >= sensors ()) {
    fprintf (stderr, "%s Invalid camera device specified %d specified, %d max index\n", where, sensor, sensors () - 1);
    return -1;
  }
  printf ("GST_ARGUS: Creating output stream\nCONSUMER: Waiting until producer is connected...\n"
      "GST_ARGUS: Available Sensor modes :\n");
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    printf ("GST_ARGUS: %d x %d FR = %f fps\n", modes[i].width, modes[i].height, (gdouble) modes[i].fps);
  if (mode >= (gint) G_N_ELEMENTS (modes)) {
    fprintf (stderr, "%s Invalid sensor mode %d selected %u present\n", where, mode, argus_modes ());
    return -1;
  }
  if (mode < 0)
    mode = best_mode (width, height, fps);
  if (fps > modes[mode].fps) {
    fprintf (stderr, "ARGUS_ERROR: %s Frame Rate specified is greater than supported\n", where);
    return -1;
  }
  printf ("GST_ARGUS: Running with following settings:\n   Camera index = %d\n   Camera mode  = %d\n"
      "GST_ARGUS: Setup Complete, Starting captures for 0 seconds\nCONSUMER: Producer has connected; continuing.\n",
      sensor, mode);
  fflush (stdout);
  return mode;
}

ArgusEvent
argus_next (gint sensor, gint * status)
{
  gchar *who = g_strdup_printf ("camera:%d", sensor);
  gchar **order = release_order (who);
  ArgusEvent event = ARGUS_FRAME;

  g_free (who);
  if (order == NULL)
    return event;
  if (g_str_equal (order[0], "repeat"))
    event = g_strcmp0 (order[1], "stale") == 0 ? ARGUS_STALE : ARGUS_REPEAT;
  else if (g_str_equal (order[0], "silent"))
    event = ARGUS_SILENT;
  else if (g_str_equal (order[0], "stall"))
    event = ARGUS_STALL;
  else if (g_str_equal (order[0], "error") && (*status = argus_status (order[1])) >= 0)
    event = ARGUS_ERROR;
  g_strfreev (order);
  return event;
}

gint
argus_status (const gchar * name)
{
  for (gint i = 0; i < (gint) G_N_ELEMENTS (statuses); i++)
    if (g_strcmp0 (name, statuses[i]) == 0)
      return i;
  return -1;
}

void
argus_post_error (GstElement * element, gint status)
{
  GError *error = g_error_new (g_quark_from_static_string ("NvArgusCameraSrc"), status, "%s", statuses[status]);

  gst_element_post_message (element, gst_message_new_error (GST_OBJECT (element), error, "Argus Error Status"));
  g_error_free (error);
}
