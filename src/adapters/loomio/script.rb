# Run by Guildhall inside the operator's own Loomio, on standard input of `rails runner -`.
# What to do comes as JSON in the environment; the result is the last line that begins with GUILDHALL.
i = JSON.parse(ENV.fetch("GUILDHALL"))

# A run that was given up outside may still be going on in here: two at once must not make two groups.
ActiveRecord::Base.connection.execute("SELECT pg_advisory_lock(715533901)")

bot = User.find_by(email: i["bot_email"])

own_group = lambda do
  group = Group.find_by(id: i["group_id"])
  raise "no such group" if group.nil?
  raise "the group is not the bot's" unless bot && group.creator_id == bot.id
  group
end

subscription = lambda do
  group = own_group.call
  raise "a subgroup shares its parent's subscription" unless group.parent_id.nil?
  group.subscription || raise("the group has no subscription")
end

result =
  case i.fetch("do")
  when "make"
    bot ||= User.create!(email: i["bot_email"], name: i["bot_name"], email_verified: true)
    group = Group.find_by(creator_id: bot.id, parent_id: nil)
    if group.nil?
      taken = Group.exists?(handle: i["handle"]) || GroupHandleRedirect.exists?(handle: i["handle"])
      raise "handle taken" if taken
      group = Group.new(name: i["name"], handle: i["handle"], group_privacy: "secret")
      GroupService.create(group: group, actor: bot, skip_authorize: true)
      raise group.errors.full_messages.join("; ") unless group.persisted?
    end
    group.add_admin!(bot) unless group.admins.exists?(bot.id)
    { group_id: group.id, key: group.key, handle: group.handle, api_key: bot.api_key }
  when "rename"
    group = own_group.call
    GroupService.update(group: group, actor: bot, params: { name: i["name"] })
    raise group.errors.full_messages.join("; ") unless group.reload.name == i["name"]
    {}
  when "rekey"
    own_group.call
    former = bot.api_key
    if bot.respond_to?(:regenerate_api_key)
      bot.regenerate_api_key
    else
      bot.update!(api_key: SecureRandom.hex(16))
    end
    raise "the key is the same" if bot.reload.api_key == former
    { api_key: bot.api_key }
  when "look"
    { state: subscription.call.state }
  when "suspend", "restore"
    held = subscription.call
    held.update!(state: i["state"])
    { state: held.reload.state }
  when "discard"
    group = Group.find_by(id: i["group_id"])
    # Of the two columns older and newer versions have one each.
    if group && group.try(:discarded_at).nil? && group.try(:archived_at).nil?
      group = own_group.call
      if GroupService.respond_to?(:warn_and_discard)
        GroupService.warn_and_discard(group: group, actor: bot)
      else
        GroupService.destroy(group: group, actor: bot)
      end
    end
    bot.update!(deactivated_at: Time.now) if bot && bot.deactivated_at.nil?
    {}
  else
    raise "unknown part of the script"
  end

puts "GUILDHALL " + JSON.generate(result)
