#include "usb_camera.h"

#include <stdio.h>
#include <string.h>

#include "release.h"

/* The words of a camera, the device first; NULL when there is no such camera. */
static gchar **
words_of (const gchar * device, gint * number)
{
  const gchar *text = g_getenv ("EDGE_SIMULATED_USB");
  gchar **cameras = g_strsplit (text != NULL ? text : "", ";", -1), **found = NULL;

  for (*number = 0; cameras[*number] != NULL && found == NULL; ++*number) {
    found = g_strsplit (cameras[*number], " ", -1);
    if (found[0] == NULL || strcmp (found[0], device) != 0)
      g_clear_pointer (&found, g_strfreev);
  }
  --*number;
  g_strfreev (cameras);
  return found;
}

/* "YUY2:640x480@30,15" as caps' text. */
static gchar *
form_text (const gchar * word)
{
  gchar form[16], rates[64];
  gint width, height;

  if (sscanf (word, "%15[^:]:%dx%d@%63s", form, &width, &height, rates) != 4)
    g_error ("EDGE_SIMULATED_USB: %s", word);
  gchar **each = g_strsplit (rates, ",", -1), *list = g_strjoinv ("/1, ", each);
  gchar *media = g_str_equal (form, "JPEG") ? g_strdup ("image/jpeg")
      : g_strdup_printf ("video/x-raw, format=(string)%s", form);
  gchar *text = g_strdup_printf ("%s, width=(int)%d, height=(int)%d, pixel-aspect-ratio=(fraction)1/1, "
      "framerate=(fraction)%s%s/1%s", media, width, height, each[1] != NULL ? "{ " : "", list,
      each[1] != NULL ? " }" : "");
  g_free (media);
  g_free (list);
  g_strfreev (each);
  return text;
}

GstCaps *
usb_camera_forms (const gchar * device)
{
  gint number;
  gchar **words = words_of (device, &number);

  if (words == NULL)
    return NULL;
  GstCaps *caps = gst_caps_new_empty ();
  for (gchar ** word = words + 1; *word != NULL; word++) {
    gchar *text = form_text (*word);
    gst_caps_append (caps, gst_caps_from_string (text));
    g_free (text);
  }
  g_strfreev (words);
  return caps;
}

UsbState
usb_camera_state (const gchar * device)
{
  static const gchar *const names[] = { "works", "missing", "busy", "denied", "stall" };
  gchar *who = g_strdup_printf ("usb:%s", device), **order = release_order (who);
  UsbState state = USB_WORKS;

  for (guint i = 0; order != NULL && i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (order[0], names[i]) == 0)
      state = i;
  g_strfreev (order);
  g_free (who);
  return state;
}

gint
usb_camera_number (const gchar * device)
{
  gint number;

  g_strfreev (words_of (device, &number));
  return number;
}
